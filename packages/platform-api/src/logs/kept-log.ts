import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { BUILD_LOG_CONFIG_MEDIA_TYPE, type Build, buildLogTag } from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import { PlatformError } from "../errors.ts";
import type { RegistryAccess } from "../source/registry-access.ts";
import { readRegistry } from "../source/registry-client.ts";
import { mayReadLogs } from "./may-read-logs.ts";
import { type PodLogLine, splitLines, withTime } from "./pod-log.ts";

export interface KeptLogOptions {
  client: Client;
  registry: RegistryAccess;
  /** In whose name it is read. */
  person: string;
  build: Stored<Build>;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const MAX_MANIFEST_BYTES = 64 * 1024;

/**
 * The log of an ended build as it is kept in the registry; undefined where none was kept. A build whose end nobody saw
 * is looked up by its name.
 */
export async function openKeptLog(options: KeptLogOptions): Promise<AsyncGenerator<PodLogLine> | undefined> {
  const { client, registry, person, build } = options;
  await mayReadLogs(client, build.metadata.namespace ?? "");
  const repository = registry.repositoryOf(build.metadata.namespace ?? "", build.spec.application);
  const authorization = await registry.authorize(person, repository, "pull");
  const access = authorization === undefined ? {} : { authorization };
  const get = (path: string, headers: Record<string, string> = {}) =>
    readRegistry(registry.url, { ...access, path: `/v2/${repository}/${path}`, headers });
  const reference = build.status?.log ?? buildLogTag(build.metadata.name);
  const found = await get(`manifests/${encodeURIComponent(reference)}`, { accept: MANIFEST });
  if (found.statusCode === 404 || found.statusCode === 401) {
    found.resume();
    return undefined;
  }
  if (found.statusCode !== 200) throw unreadable(build, found.statusCode);
  const manifest = parse(await readSmall(found));
  const digest = manifest?.layers?.[0]?.digest;
  if (manifest?.config?.mediaType !== BUILD_LOG_CONFIG_MEDIA_TYPE || digest === undefined) return undefined;
  const blob = await get(`blobs/${encodeURIComponent(digest)}`);
  if (blob.statusCode !== 200) {
    blob.resume();
    if (blob.statusCode === 404) return undefined;
    throw unreadable(build, blob.statusCode);
  }
  return linesOf(pipeline(blob, createGunzip(), () => {}));
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<PodLogLine> {
  for await (const line of splitLines(body)) yield withTime(line);
}

async function readSmall(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_MANIFEST_BYTES) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(
  text: string,
): { config?: { mediaType?: string }; layers?: { digest?: string }[] } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable({ spec }: Stored<Build>, status: number | undefined): PlatformError {
  return new PlatformError(
    "RegistryFailed",
    `Cannot read the log of build ${spec.number}: the registry answers ${status}`,
    { hint: "Look at the registry's log: kubectl logs -n jdos-system -l app=registry" },
  );
}
