import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { http } from "./http.ts";

export interface HttpQuestion {
  /** http://HOST:PORT, https://HOST:PORT, each with a path, or unix:/PATH of a socket. */
  url: string;
  /** Behind the url's own, with its query. */
  path: string;
  /** Defaults to POST with a body, else GET. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** PEM of the authority of its certificate. Defaults to those Node knows. */
  ca?: string | undefined;
  /** Without a sign of life. Defaults to 20. */
  timeoutSeconds?: number;
  /** Defaults to 64 MiB. */
  maxAnswerBytes?: number;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * One request to another part, without Node's fetch. Rejects with what the network says, or with too large an answer.
 * A connection on which somebody refused is not used again: while a Service had no Pods it may have led elsewhere, and
 * would for ever.
 */
export async function sendHttp(question: HttpQuestion): Promise<HttpAnswer> {
  const response = await open(question);
  const { socket } = response;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > (question.maxAnswerBytes ?? 64 * 1024 * 1024)) throw new Error("its answer is too large");
    chunks.push(chunk);
  }
  const { statusCode = 0, headers } = response;
  if (statusCode >= 400) socket.destroy();
  return { status: statusCode, headers, text: Buffer.concat(chunks).toString("utf8") };
}

async function open(question: HttpQuestion): Promise<IncomingMessage> {
  const { url, path, body, headers = {}, ca, signal, timeoutSeconds = 20 } = question;
  const options: RequestOptions = {
    ...addressOf(url, path),
    method: question.method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
    timeout: timeoutSeconds * 1000,
    ...(ca === undefined ? {} : { ca }),
    ...(signal === undefined ? {} : { signal }),
  };
  const { request } = url.startsWith("https:") ? await import("node:https") : http;
  return new Promise((resolve, reject) => {
    const sent = request(options, resolve);
    sent.once("timeout", () => sent.destroy(new Error(`it does not answer in ${timeoutSeconds} s`)));
    sent.once("error", reject);
    sent.end(body);
  });
}

function addressOf(url: string, path: string): RequestOptions {
  if (url.startsWith("unix:")) return { socketPath: url.slice("unix:".length), path };
  const { hostname, port, protocol, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (protocol === "https:" ? 443 : 80) : port,
    path: `${pathname.replace(/\/+$/, "")}${path}`,
  };
}
