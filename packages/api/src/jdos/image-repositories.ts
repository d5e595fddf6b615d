/** ConfigMap of the platform's namespace: which repositories are applications' own ("demo.hello"), and what of each is needless. */
export const IMAGE_REPOSITORIES = "image-repositories";

/** Annotation of an Application: digests of its images that are to go now, with commas between. Cleared when that is done. */
export const DELETE_IMAGES_ANNOTATION = "jdos.io/delete-images";

/** What nothing needs, and when it goes at the earliest unless something comes to need it. */
export interface Needless {
  readonly digest: string;
  readonly goesAt: Date;
}

/** Of one repository no more is told: a ConfigMap is small. */
const MAX_TOLD = 12;

/** "sha256:...=1767225600", with spaces between. */
export function formatNeedless(needless: readonly Needless[]): string {
  return needless
    .slice(0, MAX_TOLD)
    .map(({ digest, goesAt }) => `${digest}=${Math.floor(goesAt.getTime() / 1000)}`)
    .join(" ");
}

/** Reads what formatNeedless() wrote; what it cannot read is left out. */
export function readNeedless(text = ""): Needless[] {
  return Array.from(text.matchAll(/(sha256:[a-f0-9]{64})=(\d+)/g), ([, digest = "", seconds]) => ({
    digest,
    goesAt: new Date(Number(seconds) * 1000),
  }));
}

/** The digests that an Application's annotation names. */
export function imagesToDelete(annotations: Readonly<Record<string, string>> = {}): string[] {
  return (annotations[DELETE_IMAGES_ANNOTATION] ?? "").match(/sha256:[a-f0-9]{64}/g) ?? [];
}

/** An Application without what it asks to go: to ask for that is not to need it. */
export function withoutDeletions<T extends { readonly metadata: { readonly annotations?: object } }>(
  application: T,
): T {
  const { [DELETE_IMAGES_ANNOTATION]: _, ...annotations } = (application.metadata.annotations ??
    {}) as Record<string, string>;
  return { ...application, metadata: { ...application.metadata, annotations } };
}

/** The tag of an image that was promoted from another application's repository. */
export function promotedTag(digest: string): string {
  return `promoted-${digest.replace(/^sha256:/, "")}`;
}
