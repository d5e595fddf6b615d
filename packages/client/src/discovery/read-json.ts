import type { Client, RawRequest } from "../client.ts";
import { GarbledError, TransportError } from "../errors.ts";

const TIMEOUT_MILLIS = 30_000;

/**
 * What a path of the server answers, as JSON.
 * @throws GarbledError when it is no JSON, TransportError when it is not there in half a minute
 */
export async function readJson<T>(client: Pick<Client, "raw">, request: RawRequest): Promise<T> {
  const late = AbortSignal.timeout(TIMEOUT_MILLIS);
  const signal = request.signal === undefined ? late : AbortSignal.any([late, request.signal]);
  const text = await read(client, { ...request, signal }).catch((cause: unknown) => {
    request.signal?.throwIfAborted();
    if (!late.aborted) throw cause;
    const message = `Cannot read "${request.path}" of the Kubernetes API: no answer in ${TIMEOUT_MILLIS / 1000} s`;
    throw new TransportError(message, { cause });
  });
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const message = `Cannot read "${request.path}" of the Kubernetes API: the answer is not JSON`;
    throw new GarbledError(message, {
      cause,
      hint: "Check that the address is that of a Kubernetes API server and not of something in front of it",
    });
  }
}

async function read(client: Pick<Client, "raw">, request: RawRequest): Promise<string> {
  const { body } = await client.raw({ headers: { accept: "application/json" }, ...request });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  // A stream that is aborted ends quietly.
  request.signal?.throwIfAborted();
  return Buffer.concat(chunks).toString("utf8");
}
