import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { http } from "@jdos/component-base/http";
import { RECEIVED_REPOSITORY } from "../exchange/messages.ts";
import type { KnownImages } from "./known-images.ts";
import type { ReadableRepository } from "./readable.ts";
import type { ImageReceiver } from "./receiver.ts";

export interface LoopbackRegistryOptions {
  /** What may be read, and where it is. */
  readable: (repository: string) => ReadableRepository | undefined;
  /** Learns of each image that is read. */
  known: KnownImages;
  /** Takes the image that is built. */
  receiver: ImageReceiver;
  /** A line of the build's log. */
  say: (line: string) => void;
}

const PATH = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)$/;

/**
 * A registry on the loopback address for the steps, which have no credential: they read what a build may see, and
 * push what they built to one repository of it.
 */
export async function startLoopbackRegistry(
  options: LoopbackRegistryOptions,
): Promise<{ port: number; stop(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    answer(request, response, options).catch((error: Error) => {
      // Its client tells the status alone.
      if (!response.headersSent) options.say(`note: ${error.message}`);
      refuse(response, 502, "UNAVAILABLE", error.message);
    });
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
  { readable, known, receiver }: LoopbackRegistryOptions,
): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  if (path === "/v2/" || path === "/v2")
    return void response.writeHead(200, { "content-type": "application/json" }).end("{}");
  if (path.startsWith(`/v2/${RECEIVED_REPOSITORY}/`)) return receiver.answer(request, response);
  const [, repository = "", kind, version = ""] = PATH.exec(path) ?? [];
  if (request.method !== "GET" && request.method !== "HEAD")
    return refuse(response, 405, "UNSUPPORTED", "this registry is read only");
  const place = kind === undefined ? undefined : readable(repository);
  if (place === undefined) return refuse(response, 403, "DENIED", `builds may not read "${repository}"`);
  if (kind === "manifests") {
    const found = await place.registry.rawManifest(place.repository, version);
    if (found === undefined)
      return refuse(response, 404, "MANIFEST_UNKNOWN", `manifest unknown: "${repository}:${version}"`);
    if (place.mirror === undefined) known.add(repository, found.digest);
    known.asked(place, version, found.digest);
    response.writeHead(200, {
      "content-type": found.mediaType,
      "content-length": found.bytes.length,
      "docker-content-digest": found.digest,
    });
    return void response.end(request.method === "HEAD" ? undefined : found.bytes);
  }
  const stream = await place.registry.blobStream(place.repository, version);
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
