/** ConfigMap of the platform's namespace in which a registry that is ours says how full it is. Absent: nobody knows. */
export const REGISTRY_STORAGE = "registry-storage";

export interface RegistryStorageState {
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** Full: no push may begin, and all that is there can be pulled. */
  readonly state: "Ok" | "Full";
}

/** The tag of the image of a Build. */
export function imageTag(build: string): string {
  return `build-${build}`;
}

/** The tag of a source that was uploaded; it says when. */
export function sourceTag(digest: string, now: Date): string {
  return `source-${Math.floor(now.getTime() / 1000)}-${digest.slice(7, 19)}`;
}

/** Reads what the ConfigMap says; undefined for none, or one that says nothing. */
export function readRegistryStorage(
  map: { readonly data?: Readonly<Record<string, string>> } | undefined,
): RegistryStorageState | undefined {
  const { usedBytes, limitBytes, state } = map?.data ?? {};
  if (state !== "Ok" && state !== "Full") return undefined;
  return { usedBytes: Number(usedBytes), limitBytes: Number(limitBytes), state };
}

/** Whether a text is a bound for a registry: "80%" of its disk, or a quantity like "50Gi". */
export function isRegistryLimit(text: string): boolean {
  const percent = /^(\d{1,3})%$/.exec(text)?.[1];
  if (percent !== undefined) return Number(percent) >= 1 && Number(percent) <= 100;
  return /^[1-9]\d{0,14}(?:[kMGT]|[KMGT]i)?$/.test(text);
}

/** "0.3 GiB of 201.6 GiB" */
export function registrySpace({ usedBytes, limitBytes }: RegistryStorageState): string {
  const gib = (size: number): string => `${(size / 2 ** 30).toFixed(1)} GiB`;
  return `${gib(usedBytes)} of ${gib(limitBytes)}`;
}
