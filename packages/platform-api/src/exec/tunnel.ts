import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ExecQuery, Pods } from "@jdos/api";
import { resourcePath } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { PlatformError, toPlatformError } from "../errors.ts";
import { findPod } from "./find-pod.ts";

export interface ExecOptions {
  client: Client;
  system: string;
  app: string;
  query: ExecQuery;
}

/** Headers of the upgrade that travel on; the person's token does not. */
const FORWARDED = [
  "upgrade",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
];

/** Opens exec in a Pod as the person and joins both connections byte by byte. */
export async function tunnelExec(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: ExecOptions,
): Promise<void> {
  const { client, system, app, query } = options;
  const pod = await findPod({ client, system, app, pod: query.pod });
  const container = query.container ?? pod.spec?.containers[0]?.name;
  const headers: Record<string, string> = { connection: "Upgrade" };
  for (const name of FORWARDED) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  const upstream = await client.connect({
    path: resourcePath(Pods, { namespace: system, name: pod.metadata.name, subresource: "exec" }),
    query: {
      command: query.command,
      container,
      stdin: String(query.stdin === true),
      stdout: "true",
      stderr: String(query.tty !== true),
      tty: String(query.tty === true),
    },
    headers,
  });
  const lines = Object.entries(upstream.headers).map(([name, value]) => `${name}: ${value}`);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
  if (head.length > 0) upstream.socket.write(head);
  join(socket, upstream.socket);
}

function join(person: Duplex, upstream: Duplex): void {
  const end = (): void => {
    person.destroy();
    upstream.destroy();
  };
  person.on("error", end).on("close", end);
  upstream.on("error", end).on("close", () => person.end());
  person.pipe(upstream).pipe(person);
}

/** Answers an upgrade that is refused with the error's status and body. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const refusal = toPlatformError(error);
  const body = JSON.stringify(refusal.toBody());
  socket.end(
    `HTTP/1.1 ${refusal.httpStatus} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const MAX_WORDS = 256;

/** Reads and checks the query of an exec request. */
export function readExecQuery(parameters: URLSearchParams): ExecQuery {
  const command = parameters.getAll("command");
  if (command.length === 0 || command.length > MAX_WORDS) {
    throw new PlatformError(
      "Invalid",
      `Cannot run a command: "command" has ${command.length} words, 1 to ${MAX_WORDS} are allowed`,
      { field: "command" },
    );
  }
  const pod = parameters.get("pod");
  const container = parameters.get("container");
  return {
    command,
    ...(pod === null ? {} : { pod }),
    ...(container === null ? {} : { container }),
    tty: parameters.get("tty") === "true",
    stdin: parameters.get("stdin") === "true",
  };
}
