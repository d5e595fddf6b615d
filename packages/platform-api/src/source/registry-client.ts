import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import type { Readable } from "node:stream";
import { http } from "@jdos/component-base/http";
import { PlatformError } from "../errors.ts";

export interface RegistryRequest {
  method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Path or absolute URL within the registry. */
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | Readable;
  authorization?: string;
}

export interface RegistryAnswer {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

const TIMEOUT_MILLIS = 60_000;
const MAX_HOPS = 3;

/** One call to the registry; a stream is sent as it comes, with its back pressure. */
export async function callRegistry(baseUrl: string, request: RegistryRequest): Promise<RegistryAnswer> {
  return open(baseUrl, request, async (response) => ({
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: await readAll(response),
  }));
}

/** Reads from the registry, or from where it keeps its blobs; the body is there as it comes. */
export async function readRegistry(
  baseUrl: string,
  request: Omit<RegistryRequest, "method" | "body">,
): Promise<IncomingMessage> {
  let path = request.path;
  for (let hop = 0; ; hop++) {
    const response = await open(baseUrl, { ...request, method: "GET", path }, async (answer) => answer);
    const { location } = response.headers;
    const isElsewhere = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0);
    if (!isElsewhere || location === undefined || hop === MAX_HOPS) return response;
    response.resume();
    path = new URL(location, new URL(path, baseUrl)).toString();
  }
}

async function open<T>(
  baseUrl: string,
  { method, path, headers, body, authorization }: RegistryRequest,
  use: (response: IncomingMessage) => Promise<T>,
): Promise<T> {
  const url = new URL(path, baseUrl);
  const isRegistry = url.origin === new URL(baseUrl).origin;
  const call = (url.protocol === "https:" ? requestTls : http.request)(url, {
    method,
    headers: {
      // A registry may send an upload elsewhere; its credential stays with it.
      ...(authorization !== undefined && isRegistry ? { authorization } : {}),
      ...(Buffer.isBuffer(body)
        ? { "content-length": String(body.length) }
        : body === undefined
          ? { "content-length": "0" }
          : {}),
      ...headers,
    },
    timeout: TIMEOUT_MILLIS,
  });
  call.on("timeout", () => call.destroy(new Error("it does not answer")));
  try {
    const answered = once(call, "response") as Promise<[IncomingMessage]>;
    answered.catch(() => {});
    await send(call, body);
    const [response] = await answered;
    return await use(response);
  } catch (error) {
    call.destroy();
    if (error instanceof PlatformError) throw error;
    throw new PlatformError("Unavailable", `Cannot reach the registry: ${(error as Error).message}`, {
      hint: "It may be starting: see jdos status, then try again",
      cause: error,
    });
  }
}

async function send(call: ClientRequest, body: Buffer | Readable | undefined): Promise<void> {
  if (body === undefined || Buffer.isBuffer(body)) {
    call.end(body);
    return;
  }
  const failed = once(call, "error").then(([error]) => {
    throw error;
  });
  failed.catch(() => {});
  for await (const chunk of body) {
    if (!call.write(chunk)) await Promise.race([once(call, "drain"), failed]);
  }
  call.end();
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
