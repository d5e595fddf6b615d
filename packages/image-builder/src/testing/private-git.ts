import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";

export interface PrivateGitOptions {
  /** An empty directory. */
  root: string;
  username: string;
  password: string;
  files: Readonly<Record<string, string>>;
}

export interface PrivateGit {
  /** http://127.0.0.1:<port>/app.git */
  url: string;
  commit: string;
  /** Every Authorization header that came. */
  logins: string[];
  stop(): Promise<void>;
}

/** A repository behind git's own http-backend that asks for a login. */
export async function startPrivateGit(options: PrivateGitOptions): Promise<PrivateGit> {
  const { root, username, password, files } = options;
  const repository = join(root, "app.git");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(repository, path)), { recursive: true });
    await writeFile(join(repository, path), text);
  }
  const env = { PATH: process.env.PATH ?? "", HOME: root, GIT_CONFIG_NOSYSTEM: "1" };
  const identity = [
    "-c",
    "user.name=Ada",
    "-c",
    "user.email=ada@example.org",
    "-c",
    "init.defaultBranch=main",
  ];
  const git = (...args: string[]): string =>
    execFileSync("git", [...identity, "-C", repository, ...args], { env, encoding: "utf8" }).trim();
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "-m", "one");
  const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const logins: string[] = [];
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) logins.push(authorization);
    if (authorization === wanted) return void backend(root, request, response);
    // As an unkind server might: it says what it was told.
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"', "content-type": "text/plain" });
    const told = Buffer.from(authorization?.slice("Basic ".length) ?? "", "base64").toString();
    response.end(`no: ${authorization} ${told}\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/app.git`,
    commit: git("rev-parse", "HEAD"),
    logins,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** One request by git's CGI program. Source: git-http-backend(1). */
async function backend(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const child: ChildProcess = spawn("git", ["-c", "safe.directory=*", "http-backend"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH ?? "",
      HOME: root,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname.replace("/app.git", "/app.git/.git"),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: request.headers["git-protocol"]?.toString() ?? "",
    },
  });
  request.pipe(child.stdin!);
  const chunks: Buffer[] = [];
  child.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  const answer = Buffer.concat(chunks);
  const end = answer.indexOf("\r\n\r\n");
  const head = answer.subarray(0, end).toString("latin1").split("\r\n");
  const headers = head.map((line) => line.split(/:\s*/, 2) as [string, string]);
  const status = headers.find(([name]) => name.toLowerCase() === "status")?.[1] ?? "200";
  response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers));
  response.end(answer.subarray(end + 4));
}
