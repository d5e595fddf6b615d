import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable, Writable } from "node:stream";
import { GitServerError } from "../errors.ts";
import type { Git } from "./git.ts";

export type Service = "git-upload-pack" | "git-receive-pack";

export interface BackendRequest {
  git: Git;
  /** GIT_PROJECT_ROOT. */
  root: string;
  /** Below it, "/demo/hello.git/git-receive-pack"; made of checked names alone. */
  path: string;
  query: string;
  service: Service;
  person: string;
  /** For the hooks. */
  environment?: Readonly<Record<string, string>>;
  request: IncomingMessage;
  response: ServerResponse;
  /** Of the body as it arrives. */
  maxBytes: number;
}

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_ERROR_BYTES = 4096;

/**
 * One request by git's own http-backend as a CGI program, both bodies streamed. Who hangs up before the body is over
 * ends it; a push that is complete goes on to its end with nobody listening. Source: git-http-backend(1), RFC 3875.
 */
export async function runBackend(options: BackendRequest): Promise<void> {
  const { git, request, response, service } = options;
  const child = git.spawn(["http-backend"], { stdio: ["pipe", "pipe", "pipe"], env: environmentOf(options) });
  const ended = once(child, "close");
  // Awaited below, after the bodies; until then nobody else hears of a failure.
  ended.catch(() => {});
  const said = collect(child.stderr as Readable);
  const feeding = feed(request, child.stdin as Writable, options.maxBytes);
  const hungUp = (): void => {
    if (service === "git-upload-pack") child.kill("SIGTERM");
    (child.stdout as Readable).resume();
  };
  response.once("close", hungUp);
  try {
    const { head, rest } = await readHead(child);
    const refusal = await Promise.race([feeding, Promise.resolve(undefined)]);
    if (refusal !== undefined) throw refusal;
    answerHead(response, head);
    await pour(rest, response);
    await ended;
    if (!response.destroyed) response.end();
  } catch (error) {
    (child.stdout as Readable).resume();
    child.stdin?.destroy();
    await ended;
    const refusal = await feeding;
    throw refusal ?? failure(error, said());
  } finally {
    response.off("close", hungUp);
  }
}

function environmentOf({
  root,
  path,
  query,
  person,
  environment,
  request,
}: BackendRequest): Record<string, string> {
  const { headers, method = "GET" } = request;
  const length = headers["content-length"];
  const protocol = headers["git-protocol"];
  const text = {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: method,
    REMOTE_USER: person,
    REMOTE_ADDR: request.socket.remoteAddress ?? "",
    ...environment,
  };
  return {
    ...text,
    ...(headers["content-type"] === undefined ? {} : { CONTENT_TYPE: headers["content-type"] }),
    // Without a length it reads to the end: a chunked body.
    ...(length === undefined ? {} : { CONTENT_LENGTH: length }),
    ...(headers["content-encoding"] === undefined
      ? {}
      : { HTTP_CONTENT_ENCODING: headers["content-encoding"] }),
    ...(typeof protocol === "string" && /^[a-z0-9=:.-]{1,64}$/.test(protocol)
      ? { GIT_PROTOCOL: protocol }
      : {}),
  };
}

/** Passes the body on; settles with why it was refused, if it was. */
async function feed(
  request: IncomingMessage,
  input: Writable,
  maxBytes: number,
): Promise<GitServerError | undefined> {
  // A program that ends without reading is no error: its answer says why.
  input.on("error", () => {});
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) {
        input.destroy();
        return tooLarge(maxBytes);
      }
      if (input.destroyed || input.writableEnded) continue;
      if (!input.write(chunk)) await drained(input);
    }
    input.end();
  } catch {
    // The client hung up: git sees an early end and keeps nothing.
    input.destroy();
  }
  return undefined;
}

export function tooLarge(maxBytes: number): GitServerError {
  return new GitServerError(
    "TooLarge",
    `Cannot take the push: it is larger than ${Math.floor(maxBytes / 1024 ** 2)} MiB`,
    { hint: "Take large files out of the history; what is built need not travel with the source" },
  );
}

interface Head {
  head: string;
  /** The body, from its first byte. */
  rest: Readable;
}

async function readHead(child: ChildProcess): Promise<Head> {
  const stdout = child.stdout as Readable;
  let failure: unknown;
  child.once("error", (error) => {
    failure = error;
    stdout.destroy();
  });
  let seen = Buffer.alloc(0);
  for (;;) {
    const chunk = stdout.read() as Buffer | null;
    if (chunk === null) {
      if (stdout.readableEnded || stdout.destroyed) throw failure ?? new Error("it ended without an answer");
      await readable(stdout);
      continue;
    }
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf("\r\n\r\n");
    if (end < 0 && seen.length > MAX_HEAD_BYTES) throw new Error("its answer has no head");
    if (end < 0) continue;
    const rest = seen.subarray(end + 4);
    if (rest.length > 0) stdout.unshift(rest);
    return { head: seen.subarray(0, end).toString("latin1"), rest: stdout };
  }
}

/** There is something to read, or never will be. */
function readable(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ["readable", "end", "close"]) stream.off(event, done);
      resolve();
    };
    for (const event of ["readable", "end", "close"]) stream.on(event, done);
  });
}

function answerHead(response: ServerResponse, head: string): void {
  for (const line of head.split("\r\n")) {
    const colon = line.indexOf(":");
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.flushHeaders();
}

/** Writes on while somebody listens, and reads on when nobody does. */
async function pour(body: Readable, response: ServerResponse): Promise<void> {
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (response.destroyed) continue;
    if (!response.write(chunk)) await drained(response);
  }
}

/** It takes more, or never will. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}

function collect(stream: Readable): () => string {
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    if (text.length < MAX_ERROR_BYTES) text += chunk.toString("utf8");
  });
  return () => text.slice(0, MAX_ERROR_BYTES).trim();
}

function failure(cause: unknown, said: string): GitServerError {
  if (cause instanceof GitServerError) return cause;
  const why = said === "" ? (cause as Error).message : said.split("\n").at(-1);
  return new GitServerError("GitFailed", `Cannot serve the repository: git failed: ${why}`, {
    hint: "Try again; the log of the git server says more",
    cause,
  });
}
