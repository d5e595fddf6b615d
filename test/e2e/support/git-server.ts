import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { runProgram } from "./process.ts";

export interface GitServer {
  url: string;
  /** The bare repository that is served. */
  repository: string;
  stop(): void;
}

/** Serves a copy of a repository by git's own HTTP program, on an address that Pods reach. */
export async function serveGit(repository: string, host: string): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), "jdos-e2e-git-"));
  await git(root, "clone", "-q", "--bare", repository, "app.git");
  const server = createServer((request, response) => void answer(root, request, response));
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `http://${host}:${port}/app.git`,
    repository: join(root, "app.git"),
    stop() {
      server.closeAllConnections();
      server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** As a CGI program: headers, an empty line, the body. Source: git-http-backend(1), RFC 3875. */
async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://git");
  const backend = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"],
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
      GIT_PROTOCOL: request.headers["git-protocol"] as string | undefined,
    },
  });
  request.pipe(backend.stdin);
  const output = await buffer(backend.stdout);
  const end = output.indexOf("\r\n\r\n");
  for (const line of output.subarray(0, end).toString().split("\r\n")) {
    const [name = "", value = ""] = line.split(": ");
    if (name === "Status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}

export async function git(directory: string, ...args: string[]): Promise<void> {
  await gitOutput(directory, ...args);
}

export async function gitOutput(directory: string, ...args: string[]): Promise<string> {
  const identity = [
    "-c",
    "user.name=test",
    "-c",
    "user.email=test@example.org",
    "-c",
    "init.defaultBranch=main",
  ];
  const { exitCode, stdout, stderr } = await runProgram("git", ["-C", directory, ...identity, ...args]);
  if (exitCode !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
  return stdout;
}
