import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { type CliEnvironment, readEnvironment } from "../options.ts";
import { printError } from "../output/print.ts";
import type { BaseContext } from "../program.ts";
import { runProgram, toCliError } from "../program.ts";

export interface Seen {
  method: string;
  path: string;
  body: string;
  headers: IncomingMessage["headers"];
}

export type Answer = unknown | ((request: Seen, response: ServerResponse) => unknown);

export interface FakePlatform {
  readonly url: string;
  readonly server: Server;
  readonly seen: Seen[];
  stop(): Promise<void>;
}

/** Answers "METHOD /path" (without query) with JSON, NDJSON for arrays under `stream`, or a function's answer. */
export async function startFakePlatform(answers: Readonly<Record<string, Answer>>): Promise<FakePlatform> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const path = request.url?.split("?")[0] ?? "";
    const call = { method: request.method ?? "", path: request.url ?? "", body, headers: request.headers };
    seen.push(call);
    const answer = answers[`${request.method} ${path}`];
    const value = typeof answer === "function" ? await answer(call, response) : answer;
    if (response.writableEnded || response.destroyed) return;
    if (value === undefined)
      response
        .writeHead(404)
        .end(JSON.stringify({ code: "NotFound", message: `Cannot find ${path}`, hint: "Look elsewhere" }));
    else if (typeof value === "object" && value !== null && "stream" in value)
      response.end((value.stream as unknown[]).map((item) => JSON.stringify(item)).join("\n"));
    else response.end(JSON.stringify(value));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    server,
    seen,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process against a platform, without a terminal. */
export function runCli(
  args: readonly string[],
  url: string | undefined,
  dataDir = "/nonexistent",
): Promise<Ran> {
  return runWith(args, {
    dataDir,
    url,
    token: url === undefined ? undefined : "token",
    system: undefined,
    app: undefined,
    instance: undefined,
    kubeconfig: undefined,
    context: undefined,
    noColor: true,
    variables: process.env,
  });
}

/** Runs a command line in this process with the variables of an environment, as the command itself reads them. */
export function runCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return runWith(args, readEnvironment(env));
}

async function runWith(args: readonly string[], environment: CliEnvironment): Promise<Ran> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const [out, err] = [text(stdout), text(stderr)];
  let exitCode = 0;
  const context: BaseContext = {
    environment,
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: new AbortController().signal,
    exitWith: (code) => {
      exitCode = code;
    },
  };
  try {
    await runProgram(args, context);
  } catch (error) {
    const failure = toCliError(error);
    printError(failure, stderr);
    exitCode = failure.exitCode;
  }
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await out, stderr: await err };
}
