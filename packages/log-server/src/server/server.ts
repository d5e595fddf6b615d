import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { LOG_ROUTES } from "@jdos/api";
import { messageOf } from "@jdos/apimachinery";
import type { Logger, Running } from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import { LogServerError } from "../errors.ts";
import type { LogStore } from "../store/store.ts";
import { readBatch, readRuns } from "./read-batch.ts";
import { readQuery } from "./read-query.ts";

export interface LogKeys {
  /** Gives lines. */
  write: string;
  /** Asks for lines. */
  read: string;
}

export interface ServerOptions {
  store: LogStore;
  keys: LogKeys;
  log: Logger;
  listen: { host: string; port: number } | { socketPath: string };
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_CONNECTIONS = 2000;

type Answer = (request: IncomingMessage, store: LogStore) => Promise<unknown>;

/** Each route: the key it asks for, and what it answers. */
const ROUTES: Readonly<Record<string, { key: keyof LogKeys; answer: Answer }>> = {
  [`POST ${LOG_ROUTES.lines}`]: {
    key: "write",
    answer: async (request, store) => void (await store.append(readBatch(await readJson(request)))),
  },
  [`POST ${LOG_ROUTES.positions}`]: {
    key: "write",
    answer: async (request, store) => store.positions(readRuns(await readJson(request))),
  },
  [`GET ${LOG_ROUTES.lines}`]: {
    key: "read",
    answer: (request, store) =>
      store.query(readQuery(new URL(request.url ?? "/", "http://log").searchParams)),
  },
  [`GET ${LOG_ROUTES.status}`]: { key: "read", answer: (_request, store) => store.status() },
};

/** Serves @jdos/api's wire/logs.ts. */
export async function startServer({
  store,
  keys,
  log,
  listen,
}: ServerOptions): Promise<Running & { port: number }> {
  const server = http.createServer((request, response) => {
    answer(request, { store, keys }).then(
      (body) => send(response, body === undefined ? 204 : 200, body),
      (error: unknown) => {
        const refusal = refusalOf(error);
        if (refusal.httpStatus >= 500) log.warn({ err: error }, "Cannot answer a request");
        const { code, message, hint } = refusal;
        send(response, refusal.httpStatus, { code, message, hint });
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  if ("socketPath" in listen) rmSync(listen.socketPath, { force: true });
  server.listen("socketPath" in listen ? { path: listen.socketPath } : listen);
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async stop() {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(request: IncomingMessage, { store, keys }: Pick<ServerOptions, "store" | "keys">) {
  const path = request.url?.split("?")[0] ?? "";
  const route = ROUTES[`${request.method} ${path}`];
  if (route === undefined)
    throw new LogServerError("NotFound", `Cannot ${request.method} "${path}": there is no such path`);
  if (!isKey(request.headers.authorization, keys[route.key]))
    throw new LogServerError("Unauthorized", `Cannot ${request.method} "${path}": another key is needed`);
  return route.answer(request, store);
}

function isKey(header: string | undefined, key: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${key}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES)
      throw new LogServerError(
        "TooLarge",
        `Cannot read the request: it is larger than ${MAX_BODY_BYTES} bytes`,
      );
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new LogServerError("BadRequest", `Cannot read the request: ${messageOf(cause)}`, { cause });
  }
}

function refusalOf(error: unknown): LogServerError {
  if (error instanceof LogServerError) return error;
  return new LogServerError("InternalError", "Cannot answer: the log server failed on its side", {
    cause: error,
  });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
