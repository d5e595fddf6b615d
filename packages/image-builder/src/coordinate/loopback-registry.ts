import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { RECEIVED_REPOSITORY } from "../exchange/messages.ts";
import type { Registry } from "../registry/registry.ts";
import type { KnownImages } from "./known-images.ts";
import type { ImageReceiver } from "./receiver.ts";

export interface LoopbackRegistryOptions {
  registry: Registry;
  /** Repositories that may be read: those of the platform, and the application's own. */
  readable: (repository: string) => boolean;
  /** Learns of each image that is read. */
  known: KnownImages;
  /** Takes the image that is built. */
  receiver: ImageReceiver;
}

const PATH = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)$/;

/**
 * A registry on the loopback address for the steps, which have no credential: they read what a build may see, and
 * push what they built to one repository of it.
 */
export async function startLoopbackRegistry(
  options: LoopbackRegistryOptions,
): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: Error) =>
      refuse(response, 502, "UNAVAILABLE", error.message),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, readable, known, receiver }: LoopbackRegistryOptions,
): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  if (path === "/v2/" || path === "/v2")
    return void response.writeHead(200, { "content-type": "application/json" }).end("{}");
  if (path.startsWith(`/v2/${RECEIVED_REPOSITORY}/`)) return receiver.answer(request, response);
  const [, repository = "", kind, version = ""] = PATH.exec(path) ?? [];
  if (request.method !== "GET" && request.method !== "HEAD")
    return refuse(response, 405, "UNSUPPORTED", "this registry is read only");
  if (kind === undefined || !readable(repository))
    return refuse(response, 403, "DENIED", `builds may not read "${repository}"`);
  if (kind === "manifests") {
    const found = await registry.rawManifest(repository, version);
    if (found === undefined)
      return refuse(response, 404, "MANIFEST_UNKNOWN", `manifest unknown: "${repository}:${version}"`);
    known.add(repository, found.digest);
    known.asked(repository, version, found.digest);
    response.writeHead(200, {
      "content-type": found.mediaType,
      "content-length": found.bytes.length,
      "docker-content-digest": found.digest,
    });
    return void response.end(request.method === "HEAD" ? undefined : found.bytes);
  }
  const stream = await registry.blobStream(repository, version);
  response.writeHead(200, { "content-type": "application/octet-stream", "docker-content-digest": version });
  if (request.method === "HEAD") {
    stream.destroy();
    return void response.end();
  }
  await pipeline(stream, response);
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  if (response.headersSent) return void response.destroy();
  response
    .writeHead(status, { "content-type": "application/json" })
    .end(JSON.stringify({ errors: [{ code, message }] }));
}
