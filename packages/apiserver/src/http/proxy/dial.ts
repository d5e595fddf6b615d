import type { ClientRequest, IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { messageOf, StatusError } from "@jdos/apimachinery";
import { http } from "@jdos/component-base/http";
import type { ApiServerOptions } from "../../options.ts";
import type { Target } from "./target.ts";

/** How this server shows itself to kubelets, and whom it believes. */
export type KubeletTls = NonNullable<ApiServerOptions["kubeletClientTls"]>;

export interface Outgoing {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly signal: AbortSignal;
}

const CONNECT_TIMEOUT_MILLIS = 10_000;

/** Opens a request to a target; the caller sends its body and waits for the answer. */
export function dial(target: Target, outgoing: Outgoing, tls: KubeletTls | undefined): ClientRequest {
  const { host, port, scheme } = target;
  const options: RequestOptions = {
    host,
    port,
    method: outgoing.method,
    path: outgoing.path,
    headers: outgoing.headers as Record<string, string>,
    agent: false,
    signal: outgoing.signal,
  };
  const request =
    scheme === "http" ? http.request(options) : httpsRequest({ ...options, ...tlsOptions(scheme, tls) });
  const timer = setTimeout(
    () => request.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MILLIS / 1000} s`)),
    CONNECT_TIMEOUT_MILLIS,
  );
  request.once("socket", (socket) =>
    socket.once(scheme === "http" ? "connect" : "secureConnect", () => clearTimeout(timer)),
  );
  request.once("close", () => clearTimeout(timer));
  return request;
}

function tlsOptions(scheme: "kubelet" | "https", tls: KubeletTls | undefined): RequestOptions {
  // As Kubernetes does, proxied HTTPS backends are not verified: they have no name of their own.
  if (scheme === "https") return { rejectUnauthorized: false };
  if (tls === undefined)
    throw new StatusError("ServiceUnavailable", "this API server has no certificate for kubelets");
  return { cert: tls.certPem, key: tls.keyPem, ca: tls.caPem };
}

/** The answer of a request that is not upgraded. */
export function answerOf(request: ClientRequest, target: Target): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", (error) => reject(unreachable(target, error)));
  });
}

export interface Upgraded {
  readonly response: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came with the head of the answer. */
  readonly head: Buffer;
}

/** @throws StatusError with the target's own words when it does not upgrade */
export function upgradeOf(request: ClientRequest, target: Target): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    request.once("upgrade", (response, socket, head) => resolve({ response, socket, head }));
    request.once("response", (response) => void refusalOf(response).then(reject, reject));
    request.once("error", (error) => reject(unreachable(target, error)));
  });
}

/** What a target refused, as a StatusError. */
export async function refusalOf(response: IncomingMessage): Promise<StatusError> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= 64 * 1024) chunks.push(chunk);
  }
  const code = response.statusCode ?? 500;
  return StatusError.fromStatus(
    { message: Buffer.concat(chunks).toString().trim() || `the answer was ${code}` },
    code,
  );
}

function unreachable({ host, port }: Target, error: Error): StatusError {
  return new StatusError("ServiceUnavailable", `error trying to reach ${host}:${port}: ${messageOf(error)}`, {
    cause: error,
  });
}
