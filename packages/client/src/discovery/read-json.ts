import type { Client, RawRequest } from "../client.ts";
import { TransportError } from "../errors.ts";

/** What a path of the server answers, as JSON. */
export async function readJson<T>(client: Pick<Client, "raw">, request: RawRequest): Promise<T> {
  const { body } = await client.raw({ headers: { accept: "application/json" }, ...request });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  request.signal?.throwIfAborted();
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const message = `Cannot read "${request.path}" of the Kubernetes API: the answer is not JSON`;
    throw new TransportError(message, {
      cause,
      hint: "Check that the address is that of a Kubernetes API server and not of something in front of it",
    });
  }
}
