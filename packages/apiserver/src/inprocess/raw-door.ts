import { PassThrough, Readable } from "node:stream";
import { type Status, StatusError } from "@jdos/apimachinery";
import type { RawRequest, RawResponse, UpgradedConnection } from "@jdos/client";
import type { ApiRequest, ApiResponse } from "../http/request.ts";
import type { User } from "../registry/call.ts";
import type { RawDoor } from "./client.ts";

export interface RawDoorOptions {
  answer(request: ApiRequest): Promise<ApiResponse>;
  connect(request: ApiRequest): Promise<UpgradedConnection>;
}

/** Calls with a path of their own, answered by the same code as those over HTTP. */
export function createRawDoor({ answer, connect }: RawDoorOptions): RawDoor {
  return {
    raw: async (user, request) => rawResponse(await answer(apiRequest(user, request)), request),
    connect: (user, request) => connect(apiRequest(user, request)),
  };
}

function apiRequest(user: User, request: RawRequest): ApiRequest {
  const mark = request.path.indexOf("?");
  const query = new URLSearchParams(mark < 0 ? "" : request.path.slice(mark + 1));
  for (const [name, given] of Object.entries(request.query ?? {})) {
    for (const value of given === undefined ? [] : typeof given === "string" ? [given] : given)
      query.append(name, value);
  }
  const { body } = request;
  const bytes = Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
  const headers = Object.fromEntries(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method: request.method ?? "GET",
    path: mark < 0 ? request.path : request.path.slice(0, mark),
    query,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    user,
    signal: request.signal ?? new AbortController().signal,
    body: async () => bytes,
    stream: () => Readable.from([bytes]),
  };
}

async function rawResponse(
  { status, headers, body }: ApiResponse,
  { signal }: RawRequest,
): Promise<RawResponse> {
  const stream = streamOf(body, signal);
  if (status >= 400) throw await refusal(status, stream);
  const flat = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === "string" ? value : value.join(", "),
  ]);
  return { status, headers: Object.fromEntries(flat) as Record<string, string>, body: stream };
}

async function refusal(status: number, stream: AsyncIterable<Uint8Array>): Promise<StatusError> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  try {
    const given = JSON.parse(text) as Status;
    if (given.kind === "Status") return StatusError.fromStatus(given, status);
  } catch {
    // The answer of something behind a proxy: its own words follow.
  }
  return StatusError.fromStatus({ message: text.slice(0, 1000) }, status);
}

function streamOf(body: ApiResponse["body"], signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  if (body instanceof Readable) {
    signal?.addEventListener("abort", () => body.destroy(), { once: true });
    return body;
  }
  if (typeof body !== "function") return Readable.from([Buffer.from(body as string)]);
  const stream = new PassThrough();
  body({
    write: (chunk) => void stream.write(chunk),
    get waitingBytes() {
      return stream.writableLength;
    },
    end: () => void stream.end(),
    onClose: (listener) => void stream.once("close", listener),
  });
  signal?.addEventListener("abort", () => stream.destroy(), { once: true });
  return stream;
}
