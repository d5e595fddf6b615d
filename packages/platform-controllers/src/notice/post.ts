import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import { http } from "@jdos/component-base/http";
import type { Reachable } from "./reachable.ts";

export interface PostOptions {
  url: string;
  id: string;
  event: string;
  body: string;
  secret: string | undefined;
  now: Date;
  timeoutSeconds: number;
  reachable: Reachable;
  signal: AbortSignal;
}

/** Posts a notice. Answers why it did not arrive, without the address; undefined: it did. Follows no redirect. */
export async function post(options: PostOptions): Promise<string | undefined> {
  const { body, reachable } = options;
  const url = parse(options.url);
  if (url === undefined) return "its address is not an http or https URL";
  const refused = reachable.refusalOf(url.hostname);
  if (refused !== undefined) return refused;
  const call = (url.protocol === "https:" ? requestTls : http.request)(url, {
    method: "POST",
    agent: false,
    lookup: reachable.lookup,
    headers: {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "user-agent": "jdos",
      "x-jdos-event": options.event,
      ...signatureOf(options),
    },
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutSeconds * 1000)]),
  });
  try {
    const answered = once(call, "response") as Promise<[IncomingMessage]>;
    call.end(body);
    const [{ statusCode = 0 }] = await answered;
    return statusCode >= 200 && statusCode < 300 ? undefined : `${url.host} answered HTTP ${statusCode}`;
  } catch (error) {
    const { name, code, message } = error as NodeJS.ErrnoException;
    if (name === "AbortError") return `${url.host} did not answer in ${options.timeoutSeconds} s`;
    return code === undefined ? message : `${url.host} cannot be reached (${code})`;
  } finally {
    call.on("error", () => {});
    call.destroy();
  }
}

/** Source: Standard Webhooks 1.0, symmetric signatures. */
function signatureOf({ id, now, body, secret }: PostOptions): Record<string, string> {
  const time = String(Math.floor(now.getTime() / 1000));
  const headers = { "webhook-id": id, "webhook-timestamp": time };
  if (secret === undefined) return headers;
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}

function parse(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && ["http:", "https:"].includes(url.protocol) ? url : undefined;
}
