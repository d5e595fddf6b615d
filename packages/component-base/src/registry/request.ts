import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { http } from "../http.ts";

export interface RegistryQuestion {
  /** Defaults to GET. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** Goes to the origin that is asked and to none that it names, wherever it may send us for a blob. */
  authorization?: string | undefined;
  /** Called anew for each place that is asked. */
  body?: (() => string | Uint8Array | Readable) | undefined;
  signal?: AbortSignal | undefined;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Where it was answered, after redirections. */
  readonly url: string;
  /** Is read, resumed or destroyed by who asked. */
  readonly body: IncomingMessage;
}

/** Without a sign of life. */
const SILENCE_MILLIS = 300_000;
const MAX_REDIRECTIONS = 10;

/**
 * Asks a registry, or the service that gives its tokens, and follows where it leads. Node's fetch would cost a program
 * that starts for one build more time than the build has. Rejects with what the network says.
 */
export async function askRegistry(url: URL, question: RegistryQuestion): Promise<RegistryAnswer> {
  let target = url;
  for (let redirections = 0; ; redirections++) {
    const isTrusted = target.origin === url.origin;
    const { authorization, ...rest } = question;
    const body = await send(target, { ...rest, ...(isTrusted && { authorization }) });
    const status = body.statusCode ?? 0;
    const next = redirectionOf(body, question.method);
    if (next === undefined) return { status, headers: body.headers, url: target.href, body };
    body.resume();
    if (redirections === MAX_REDIRECTIONS) throw new Error("it redirects again and again");
    target = new URL(next, target);
  }
}

/** Source: RFC 9110, 15.4. */
function redirectionOf({ statusCode = 0, headers }: IncomingMessage, method = "GET"): string | undefined {
  const keepsMethod = statusCode === 307 || statusCode === 308;
  const asksOnly = method === "GET" || method === "HEAD";
  return keepsMethod || (asksOnly && [301, 302, 303].includes(statusCode)) ? headers.location : undefined;
}

async function send(
  url: URL,
  { method = "GET", headers, authorization, body, signal }: RegistryQuestion,
): Promise<IncomingMessage> {
  const { request } = url.protocol === "https:" ? process.getBuiltinModule("node:https") : http;
  const content = body?.();
  const isWhole = typeof content === "string" || content instanceof Uint8Array;
  const options = {
    method,
    timeout: SILENCE_MILLIS,
    headers: {
      ...headers,
      ...(authorization === undefined ? {} : { authorization }),
      ...(isWhole ? { "content-length": Buffer.byteLength(content) } : {}),
    },
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, options, resolve);
    // Also what comes after an answer that did not wait for the whole body.
    sent.on("error", reject);
    sent.once("timeout", () => sent.destroy(new Error("it does not answer")));
    if (content === undefined || isWhole) sent.end(content);
    else pipeline(content, sent, (error) => error && reject(error));
  });
}

/** What an answer says, cut after that many bytes. */
export async function textOf({ body }: RegistryAnswer, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8");
}
