import type { Package } from "./lists.ts";

export interface BomOptions {
  /** registry.jdos.internal/demo/hello */
  repository: string;
  digest: string;
  packages: readonly Package[];
}

/** It takes 100 ms, which a build has while its steps work. */
export function loadLibrary() {
  return import("@cyclonedx/cyclonedx-library");
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
  return Buffer.from(new Serialize.JsonSerializer(normalizers).serialize(bom, { sortLists: true, space: 0 }));
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
