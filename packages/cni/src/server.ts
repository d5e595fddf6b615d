import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { dirname } from "node:path";
import { CNI_PATH } from "@jdos/api";
import { http } from "@jdos/component-base/http";
import { asCniError } from "./errors.ts";
import type { KeyLock } from "./key-lock.ts";
import { type CniRequest, parseRequest, versionOf } from "./request.ts";
import type { VerbContext } from "./verbs/context.ts";
import { VERBS } from "./verbs/index.ts";

export interface CniServerOptions {
  socketPath: string;
  context: VerbContext;
  /** ADD and DEL of one container never run at the same time. */
  lock: KeyLock;
  observe?(command: string, ok: boolean, seconds: number): void;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** Serves the CNI verbs on a Unix socket that only the owner may open. */
export async function listen(options: CniServerOptions): Promise<Server> {
  const { socketPath } = options;
  mkdirSync(dirname(socketPath), { recursive: true });
  rmSync(socketPath, { force: true });
  const server = http.createServer((request, response) => void serve(options, request, response));
  server.listen(socketPath);
  await once(server, "listening");
  chmodSync(socketPath, 0o600);
  return server;
}

async function serve(
  options: CniServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const started = performance.now();
  let body = "";
  try {
    if (request.method !== "POST" || request.url !== CNI_PATH) return void response.writeHead(404).end();
    body = await read(request);
    const call = parseRequest(request.headers, body);
    const answer = await options.lock(lockKey(call), async () => VERBS[call.command](options.context, call));
    options.observe?.(call.command, true, (performance.now() - started) / 1000);
    response.end(answer === undefined ? "" : JSON.stringify(answer));
  } catch (error) {
    const failure = asCniError(error);
    options.context.log.warn({ err: failure, command: request.headers["cni-command"] }, "Refused a CNI call");
    options.observe?.(String(request.headers["cni-command"]), false, (performance.now() - started) / 1000);
    response.writeHead(failure.code === "InputOutput" ? 500 : 400, { "content-type": "application/json" });
    response.end(JSON.stringify(failure.toBody(versionOf(body))));
  }
}

function lockKey({ command, containerId }: CniRequest): string {
  return command === "ADD" || command === "DEL" || command === "CHECK" ? containerId : `(${command})`;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new RangeError("Cannot read the network configuration: more than 1 MiB");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
