import type { IncomingMessage, ServerResponse } from "node:http";
import { GitServerError } from "../errors.ts";

export interface BodyBounds {
  /** Of one body. */
  maxBytes: number;
  /** Of all that are being read. */
  maxBytesTogether: number;
  timeoutMillis: number;
}

/** Reads bodies whole, each and all of them together within bounds. */
export class BodyReader {
  readonly #bounds: BodyBounds;
  #held = 0;

  constructor(bounds: BodyBounds) {
    this.#bounds = bounds;
  }

  /** @throws GitServerError TooLarge, Unavailable, BadRequest where it does not end in time */
  async read(request: IncomingMessage): Promise<Buffer> {
    this.refuseLarge(request);
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => request.destroy(new Error("too slow")), this.#bounds.timeoutMillis);
    try {
      // The connection is needed for the answer.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        this.#held += chunk.length;
        if (size > this.#bounds.maxBytes) throw tooLarge(this.#bounds.maxBytes);
        if (this.#held > this.#bounds.maxBytesTogether) throw busy();
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof GitServerError) throw error;
      throw new GitServerError(
        "BadRequest",
        "Cannot read the delivery: its body did not come whole in time",
        {
          cause: error,
        },
      );
    } finally {
      clearTimeout(timer);
      this.#held -= size;
    }
    return Buffer.concat(chunks);
  }

  /** Of what says at once how large it is, not a byte is read. */
  refuseLarge({ headers }: IncomingMessage): void {
    if (Number(headers["content-length"] ?? 0) > this.#bounds.maxBytes) throw tooLarge(this.#bounds.maxBytes);
  }
}

function tooLarge(maxBytes: number): GitServerError {
  return new GitServerError(
    "TooLarge",
    `Cannot accept the delivery: its body is larger than ${Math.floor(maxBytes / 1024 / 1024)} MiB`,
    { hint: "No forge sends that much of a push" },
  );
}

function busy(): GitServerError {
  return new GitServerError("Unavailable", "Cannot accept the delivery: too many are being read", {
    hint: "Send it again in a moment",
  });
}

const LEFT_BYTES = 4 * 1024 * 1024;
const LEFT_MILLIS = 1000;

/**
 * Answers a request whose body is not wanted. The connection ends when the sender has had time to see the answer: what
 * it sends meanwhile is thrown away, and what is more than a little is not read.
 */
export async function answerUnread(
  request: IncomingMessage,
  response: ServerResponse,
  { status, text, headers = {} }: { status: number; text: string; headers?: Record<string, string> },
): Promise<void> {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    connection: "close",
    ...headers,
  });
  if (request.complete || request.destroyed) {
    response.end(text);
    return;
  }
  response.write(text);
  await new Promise<void>((resolve) => {
    let left = 0;
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, LEFT_MILLIS);
    request.on("data", (chunk: Buffer) => {
      left += chunk.length;
      if (left > LEFT_BYTES) done();
    });
    for (const event of ["end", "error", "close"]) request.once(event, done);
  });
  response.end();
  if (!request.complete) request.destroy();
}
