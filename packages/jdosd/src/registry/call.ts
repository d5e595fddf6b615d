import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { http } from "@jdos/component-base/http";

export interface CallOptions {
  method?: "GET" | "HEAD" | "POST" | "PUT";
  headers?: Readonly<Record<string, string | number>>;
  body?: Uint8Array | NodeJS.ReadableStream;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request over HTTP whose answer is short. */
export async function call(url: URL | string, options: CallOptions = {}): Promise<Answer> {
  const { method = "GET", headers = {}, body } = options;
  const request = http.request(url, { method, headers: { ...headers } });
  const answered = new Promise<Answer>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      const { statusCode: status = 0, headers } = response;
      text(response).then((text) => resolve({ status, headers, text }), reject);
    });
  });
  if (body === undefined) request.end();
  else if (body instanceof Uint8Array) request.end(body);
  else await Promise.all([answered, pipeline(Readable.from(body), request)]);
  return answered;
}
