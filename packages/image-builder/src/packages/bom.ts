import type { Package } from "./lists.ts";

export interface BomOptions {
  /** registry.jdos.internal/demo/hello */
  repository: string;
  digest: string;
  packages: readonly Package[];
}

/** What is needed of the library: the whole takes three times as long. A build has that time while its steps work. */
export async function loadLibrary() {
  const [Enums, Models, Serialize, Spec] = await Promise.all([
    import("@cyclonedx/cyclonedx-library/Enums"),
    import("@cyclonedx/cyclonedx-library/Models"),
    import("@cyclonedx/cyclonedx-library/Serialize"),
    import("@cyclonedx/cyclonedx-library/Spec"),
  ]);
  return { Enums, Models, Serialize, Spec };
}

/** The list of packages of an image: CycloneDX 1.6, JSON. The same image gives the same bytes. */
export async function writeBom({ repository, digest, packages }: BomOptions): Promise<Buffer> {
  const { Enums, Models, Serialize, Spec } = await loadLibrary();
  const system = packages.find(({ type }) => type === "os");
  const bom = new Models.Bom();
  bom.metadata.component = new Models.Component(Enums.ComponentType.Container, repository, {
    version: digest,
    bomRef: `${repository}@${digest}`,
  });
  for (const each of packages) {
    const isSystem = each.type === "os";
    const type = isSystem ? Enums.ComponentType.OperatingSystem : Enums.ComponentType.Library;
    const purl = isSystem ? undefined : packageUrl(each, system);
    bom.components.add(
      new Models.Component(type, each.name, {
        version: each.version,
        bomRef: purl ?? `os:${each.name}@${each.version}`,
        ...(purl === undefined ? {} : { purl }),
      }),
    );
  }
  const normalizers = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  // Packages come sorted: the library would do it by the rules of a language, which costs more than all the rest.
  return Buffer.from(
    new Serialize.JsonSerializer(normalizers).serialize(bom, { sortLists: false, space: 0 }),
  );
}

/** Source: package-url/purl-spec, and its types. */
export function packageUrl({ type, name, version, architecture }: Package, system?: Package): string {
  const path = name.split("/").map(encode).join("/");
  if (type !== "deb") return `pkg:${type}/${path}@${encode(version)}`;
  const namespace = system?.name ?? "debian";
  const qualifiers = [
    ...(architecture === undefined ? [] : [`arch=${encode(architecture)}`]),
    ...(system === undefined || system.version === ""
      ? []
      : [`distro=${encode(`${system.name}-${system.version}`)}`]),
  ];
  const query = qualifiers.length === 0 ? "" : `?${qualifiers.join("&")}`;
  return `pkg:deb/${encode(namespace)}/${path}@${encode(version)}${query}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":");
}
