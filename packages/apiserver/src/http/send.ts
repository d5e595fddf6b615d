import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline, Readable, type Writable } from "node:stream";
import { createGzip } from "node:zlib";
import type { ApiResponse, ResponseSink } from "./request.ts";

/** Answers of this size and more are compressed for those who take gzip. */
const GZIP_BYTES = 128 * 1024;

/** Writes an answer to the connection it belongs to. */
export function send(message: IncomingMessage, response: ServerResponse, answer: ApiResponse): void {
  const { status, headers, body } = answer;
  const long = typeof body === "string" || body instanceof Uint8Array ? Buffer.byteLength(body) : undefined;
  const packed =
    (answer.compressible || (long ?? 0) >= GZIP_BYTES) &&
    takesGzip(message) &&
    headers["content-encoding"] === undefined;
  const length = packed || long === undefined ? {} : { "content-length": long };
  const packing = packed ? { "content-encoding": "gzip", vary: "Accept-Encoding" } : {};
  response.writeHead(status, { ...headers, ...packing, ...length } as OutgoingHttpHeaders);
  if (message.method === "HEAD") response.end();
  else if (typeof body === "function") stream(response, body);
  else if (packed)
    pipeline(
      body instanceof Readable ? body : Readable.from([body]),
      createGzip({ level: 1 }),
      response,
      ended,
    );
  else if (body instanceof Readable) pass(body, response);
  else response.end(body);
}

function takesGzip({ headers }: IncomingMessage): boolean {
  return headers["accept-encoding"]?.includes("gzip") === true;
}

/** The head goes out at once: a log that is followed may say nothing for long. */
function pass(body: Readable, response: ServerResponse): void {
  response.flushHeaders();
  pipeline(body, response as Writable, ended);
}

/** Whichever side breaks off, pipeline() has ended the other. */
function ended(): void {}

function stream(response: ServerResponse, write: (sink: ResponseSink) => void): void {
  response.flushHeaders();
  write({
    write: (chunk) => void response.write(chunk),
    get waitingBytes() {
      return response.writableLength;
    },
    end: () => void response.end(),
    onClose: (listener) => void response.once("close", listener),
  });
}
