import { createHash } from "node:crypto";
import { PlatformError } from "../errors.ts";
import { callRegistry, type RegistryAnswer, type RegistryRequest, readRegistry } from "./registry-client.ts";

export interface CopyImageOptions {
  registryUrl: string;
  from: string;
  to: string;
  /** sha256:... of a manifest or an index. */
  digest: string;
  /** In `to`: a registry that removes what has no tag leaves it. */
  tag: string;
  /** For pull from one and push to the other. */
  authorization: string | undefined;
}

interface Descriptor {
  digest: string;
  mediaType?: string;
}

interface Manifest {
  mediaType?: string;
  config?: Descriptor;
  layers?: Descriptor[];
  /** Of an index. */
  manifests?: Descriptor[];
}

const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");
/** Of indices within indices. */
const MAX_DEPTH = 3;

/**
 * Makes an image of one repository pullable from another of the same registry, by the same digest: blobs are mounted,
 * or copied where the registry mounts none. What is there is left alone, so that it may be repeated.
 * Source: OCI distribution specification, "Mounting a blob from another repository".
 */
export async function copyImage(options: CopyImageOptions): Promise<void> {
  if (options.from !== options.to)
    await copyManifest(options, { digest: options.digest, depth: MAX_DEPTH, name: options.tag });
}

interface Copy {
  digest: string;
  depth: number;
  /** The tag or the digest that it is put under. */
  name: string;
}

async function copyManifest(options: CopyImageOptions, { digest, depth, name }: Copy): Promise<void> {
  const { from, to } = options;
  const answer = await call(options, {
    method: "GET",
    path: `/v2/${from}/manifests/${digest}`,
    headers: { accept: MANIFEST_TYPES },
  });
  if (answer.status === 404)
    throw new PlatformError(
      "NotFound",
      `Cannot copy the image: the registry has no "${from}@${digest}" any more`,
      {
        hint: "Promote another release, or build it again",
      },
    );
  const body = Buffer.from(expect(answer, [200], "hand out the image").body);
  if (`sha256:${createHash("sha256").update(body).digest("hex")}` !== digest)
    throw new PlatformError(
      "RegistryFailed",
      `Cannot copy the image: "${from}@${digest}" is not what its digest says`,
    );
  const manifest = JSON.parse(body.toString("utf8")) as Manifest;
  if (depth > 0)
    for (const child of manifest.manifests ?? [])
      await copyManifest(options, { digest: child.digest, depth: depth - 1, name: child.digest });
  const blobs = new Set([manifest.config, ...(manifest.layers ?? [])].flatMap((blob) => blob?.digest ?? []));
  for (const blob of blobs) await copyBlob(options, blob);
  const type = manifest.mediaType ?? String(answer.headers["content-type"]);
  const put = {
    method: "PUT",
    path: `/v2/${to}/manifests/${name}`,
    headers: { "content-type": type },
    body,
  } as const;
  expect(await call(options, put), [201], "take the image");
}

async function copyBlob(options: CopyImageOptions, digest: string): Promise<void> {
  const { from, to, registryUrl, authorization } = options;
  const present = await call(options, { method: "HEAD", path: `/v2/${to}/blobs/${digest}` });
  if (present.status === 200) return;
  const query = new URLSearchParams({ mount: digest, from });
  const begun = await call(options, { method: "POST", path: `/v2/${to}/blobs/uploads/?${query}` });
  if (expect(begun, [201, 202], "mount a layer").status === 201) return;
  const { location } = begun.headers;
  if (location === undefined)
    throw new PlatformError(
      "RegistryFailed",
      "Cannot copy the image: the registry names no place for a layer",
    );
  const source = await readRegistry(registryUrl, {
    path: `/v2/${from}/blobs/${digest}`,
    ...(authorization === undefined ? {} : { authorization }),
  });
  if (source.statusCode !== 200) {
    source.resume();
    throw new PlatformError(
      "RegistryFailed",
      `Cannot copy the image: a layer is answered with HTTP ${source.statusCode}`,
    );
  }
  const path = `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
  const length = source.headers["content-length"];
  const headers = {
    "content-type": "application/octet-stream",
    ...(length === undefined ? {} : { "content-length": length }),
  };
  expect(await call(options, { method: "PUT", path, headers, body: source }), [201], "take a layer");
}

function call(
  { registryUrl, authorization }: CopyImageOptions,
  request: RegistryRequest,
): Promise<RegistryAnswer> {
  return callRegistry(registryUrl, authorization === undefined ? request : { ...request, authorization });
}

function expect(answer: RegistryAnswer, statuses: readonly number[], action: string): RegistryAnswer {
  if (statuses.includes(answer.status)) return answer;
  throw new PlatformError(
    "RegistryFailed",
    `Cannot copy the image: the registry would not ${action} (HTTP ${answer.status})`,
    { hint: "Look at the registry's log" },
  );
}
