import type { CachedLayer } from "../exchange/messages.ts";
import { OCI_LAYER_GZIP, OCI_MANIFEST } from "../registry/media-types.ts";
import { digestOf, type Registry } from "../registry/registry.ts";

/** A layer that was pushed once is remembered by a manifest under a tag of its own. */
const CONFIG_TYPE = "application/vnd.jdos.layer-cache.v1+json";

function tagOf(key: string): string {
  return `cache-${key}`;
}

/** The layer that an earlier build remembered under a key, when the registry still has it. */
export async function recallLayer(
  registry: Registry,
  repository: string,
  key: string,
): Promise<CachedLayer | undefined> {
  if (!/^[a-f0-9]{40}$/.test(key)) return undefined;
  const found = await registry.manifest(repository, tagOf(key));
  const layer = found?.manifest.layers[0];
  if (found === undefined || layer === undefined || found.manifest.config.mediaType !== CONFIG_TYPE)
    return undefined;
  const { diffId } = JSON.parse(
    (await registry.blob(repository, found.manifest.config)).toString("utf8"),
  ) as { diffId: string };
  return (await registry.hasBlob(repository, layer.digest))
    ? { digest: layer.digest, size: layer.size, diffId }
    : undefined;
}

export async function rememberLayer(
  registry: Registry,
  repository: string,
  { key, layer }: { key: string; layer: CachedLayer },
): Promise<void> {
  if (!/^[a-f0-9]{40}$/.test(key)) return;
  const bytes = Buffer.from(JSON.stringify({ diffId: layer.diffId }));
  const config = { mediaType: CONFIG_TYPE, digest: digestOf(bytes), size: bytes.length };
  await registry.pushBlob(repository, config, bytes);
  const layers = [{ mediaType: OCI_LAYER_GZIP, digest: layer.digest, size: layer.size }];
  await registry.pushManifest(
    repository,
    { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers },
    tagOf(key),
  );
}
