import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname } from "node:path";
import type { Logger, Running } from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import { GitServerError, toGitServerError } from "../errors.ts";
import { HOOKS, type Hook } from "./hook-script.ts";
import type { PushSession, PushSessions } from "./session.ts";
import { parseUpdates, type RefUpdate } from "./update.ts";

/** What happens at a hook. Lines that it says are shown in the push's output. */
export type HookHandler = (
  session: PushSession,
  updates: readonly RefUpdate[],
  say: (line: string) => void,
) => Promise<void>;

export interface HookServerOptions {
  socket: string;
  sessions: PushSessions;
  handlers: Readonly<Record<Hook, HookHandler>>;
  log: Logger;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Answers git's hooks on a Unix socket: of this container, and for pushes that are under way. */
export async function startHookServer(options: HookServerOptions): Promise<Running> {
  await mkdir(dirname(options.socket), { recursive: true, mode: 0o700 });
  await rm(options.socket, { force: true });
  const server = http.createServer((request, response) => {
    void answer(options, request, response).catch((error: unknown) => refuse(response, error, options.log));
  });
  server.requestTimeout = 0;
  server.listen(options.socket);
  await once(server, "listening");
  return {
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  { sessions, handlers }: HookServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, hook = "", id = ""] = (request.url ?? "").split("/");
  const session = sessions.find(id);
  if (session === undefined || !HOOKS.includes(hook as Hook))
    throw new GitServerError("Forbidden", "Cannot push past the git server: it knows of no such push");
  const updates = parseUpdates(await readBody(request));
  // Nobody may listen any more: what is done is done all the same.
  response.on("error", () => {});
  response.setHeader("content-type", "text/plain");
  await handlers[hook as Hook](session, updates, (line) => {
    if (!response.destroyed) response.write(`${line}\n`);
  });
  response.end();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new GitServerError("TooLarge", "Cannot take the push: too many branches and tags");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refuse(response: ServerResponse, error: unknown, log: Logger): void {
  const refusal = toGitServerError(error);
  if (refusal.httpStatus >= 500) log.error({ err: error }, "Cannot answer a hook");
  const text = [refusal.message, refusal.hint].filter((line) => line !== undefined).join("\n");
  if (!response.headersSent) response.writeHead(refusal.httpStatus, { "content-type": "text/plain" });
  response.end(`${text}\n`);
}
