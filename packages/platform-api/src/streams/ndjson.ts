import { once } from "node:events";
import type { StreamError } from "@jdos/api";
import type { FastifyReply } from "fastify";
import { toPlatformError } from "../errors.ts";

const KEEP_ALIVE_MILLIS = 10_000;

/**
 * Answers with one JSON object a line as they come. The signal fires when the person goes away. What throws before
 * the first object is answered as any error is; later it becomes the last line.
 */
export async function sendNdjson<T>(
  reply: FastifyReply,
  produce: (signal: AbortSignal) => AsyncIterable<T>,
): Promise<void> {
  const abort = new AbortController();
  const response = reply.raw;
  response.once("close", () => abort.abort());
  const items = produce(abort.signal)[Symbol.asyncIterator]();
  const opened = await firstWithin(items, 50);
  reply.hijack();
  response.writeHead(200, {
    "content-type": "application/x-ndjson",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  response.flushHeaders();
  const keepAlive = setInterval(() => response.write("\n"), KEEP_ALIVE_MILLIS);
  try {
    for (let next = await opened.first; next.done !== true; next = await items.next()) {
      if (!response.write(`${JSON.stringify(next.value)}\n`))
        await once(response, "drain", { signal: abort.signal });
    }
  } catch (error) {
    if (!abort.signal.aborted)
      response.write(`${JSON.stringify({ error: toPlatformError(error).toBody() } satisfies StreamError)}\n`);
  } finally {
    clearInterval(keepAlive);
    response.end();
    abort.abort();
  }
}

/** Waits shortly for the first object, so that a refusal can still have its own status code. */
async function firstWithin<T>(
  items: AsyncIterator<T>,
  millis: number,
): Promise<{ first: Promise<IteratorResult<T>> }> {
  const first = items.next();
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  try {
    await Promise.race([first, waited]);
  } finally {
    clearTimeout(timer);
  }
  return { first };
}
