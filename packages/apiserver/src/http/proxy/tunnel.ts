import type { Duplex } from "node:stream";
import { StatusError } from "@jdos/apimachinery";
import type { UpgradedConnection } from "@jdos/client";
import { authorizeCall } from "../../authorization/authorize.ts";
import type { Core } from "../../registry/call.ts";
import { callOf, type ResourceCall } from "../call-of.ts";
import { recognise } from "../recognise.ts";
import type { ApiRequest } from "../request.ts";
import { dial, type KubeletTls, type Upgraded, upgradeOf } from "./dial.ts";
import { proxyRequest } from "./forward.ts";
import { streamTarget } from "./stream-path.ts";

/** Headers that carry the protocol of a stream; credentials stay here. */
const PASSED = /^(connection|upgrade|x-stream-protocol-version|sec-websocket-.*|origin)$/;

/** Opens the stream a request asks for, up to the far side's 101. */
export async function openTunnel(
  core: Core,
  request: ApiRequest,
  tls: KubeletTls | undefined,
): Promise<Upgraded> {
  const info = recognise(request.path);
  if (info.kind !== "resource" || info.subresource === undefined)
    throw new StatusError("BadRequest", "this path is not upgraded");
  const call = callOf(core, request, info);
  authorizeCall(core, call.call, request.method === "GET" ? "get" : "create");
  return info.subresource === "proxy" ? openProxied(core, call, tls) : openStream(core, call, tls);
}

function openStream(core: Core, call: ResourceCall, tls: KubeletTls | undefined): Promise<Upgraded> {
  const { request } = call;
  const { target, path } = streamTarget(core, call);
  const outgoing = dial(
    target,
    { method: request.method, path, headers: streamHeaders(request), signal: request.signal },
    tls,
  );
  outgoing.end();
  return upgradeOf(outgoing, target);
}

function openProxied(core: Core, call: ResourceCall, tls: KubeletTls | undefined): Promise<Upgraded> {
  const { target, outgoing } = proxyRequest(core, call);
  const request = dial(
    target,
    { ...outgoing, headers: { ...outgoing.headers, ...streamHeaders(call.request) } },
    tls,
  );
  request.end();
  return upgradeOf(request, target);
}

function streamHeaders({ headers }: ApiRequest): Record<string, string> {
  const passed = Object.entries(headers).filter(([name, value]) => value !== undefined && PASSED.test(name));
  return Object.fromEntries(passed) as Record<string, string>;
}

/** Hands an opened stream to the socket of the caller: the far side's head as it came, then bytes both ways. */
export function joinTunnel(
  { response, socket: far, head: farHead }: Upgraded,
  near: Duplex,
  nearHead: Buffer,
): void {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`];
  for (let index = 0; index < response.rawHeaders.length; index += 2)
    lines.push(`${response.rawHeaders[index]}: ${response.rawHeaders[index + 1]}`);
  near.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (farHead.length > 0) near.write(farHead);
  if (nearHead.length > 0) far.write(nearHead);
  const end = () => {
    near.destroy();
    far.destroy();
  };
  near.on("error", end).on("close", () => far.destroy());
  far.on("error", end).on("close", () => near.end());
  near.pipe(far);
  far.pipe(near);
}

/** The stream for a caller in this process. */
export function connectionOf({ response, socket, head }: Upgraded): UpgradedConnection {
  if (head.length > 0) socket.unshift(head);
  const headers = Object.entries(response.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  return { headers: Object.fromEntries(headers) as Record<string, string>, socket };
}
