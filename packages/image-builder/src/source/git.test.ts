import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { freePort, listening } from "@jdos/component-base/testing";
import { fetchGit, type GitOptions } from "./git.ts";

let root: string;
let url: string;
let daemon: ChildProcess;
let first: string;
let count = 0;

const PATH = process.env.PATH ?? "";

function git(...args: string[]): string {
  const env = { PATH, HOME: root, GIT_CONFIG_NOSYSTEM: "1" };
  const identity = [
    "-c",
    "user.name=Ada",
    "-c",
    "user.email=ada@example.org",
    "-c",
    "init.defaultBranch=main",
  ];
  return execFileSync("git", [...identity, "-C", join(root, "repositories/app.git"), ...args], {
    env,
    encoding: "utf8",
  }).trim();
}

before(async () => {
  root = await mkdtemp(join(tmpdir(), "jdos-git-"));
  await mkdir(join(root, "repositories/app.git/web"), { recursive: true });
  git("init", "--quiet");
  await writeFile(join(root, "repositories/app.git/package.json"), "{}");
  await writeFile(join(root, "repositories/app.git/web/index.js"), "one");
  git("add", ".");
  git("commit", "--quiet", "-m", "one");
  git("tag", "v1");
  first = git("rev-parse", "HEAD");
  await writeFile(join(root, "repositories/app.git/web/index.js"), "two");
  git("commit", "--quiet", "-a", "-m", "two");
  git("config", "uploadpack.allowAnySHA1InWant", "true");
  const port = await freePort();
  daemon = spawn(
    "git",
    [
      "daemon",
      "--export-all",
      "--reuseaddr",
      `--base-path=${root}/repositories`,
      "--listen=127.0.0.1",
      `--port=${port}`,
    ],
    {
      stdio: "ignore",
      env: {
        PATH,
        HOME: root,
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "safe.directory",
        GIT_CONFIG_VALUE_0: "*",
      },
      detached: true,
    },
  );
  await listening(port, daemon);
  url = `git://127.0.0.1:${port}/app.git`;
});

after(async () => {
  if (daemon.pid !== undefined) process.kill(-daemon.pid, "SIGKILL");
  await rm(root, { recursive: true, force: true });
});

function fetchOf(options: Partial<GitOptions>): ReturnType<typeof fetchGit> {
  const run = { env: { PATH, HOME: root }, log: () => {} };
  return fetchGit({ url, directory: join(root, `checkout-${++count}`), run, ...options });
}

test("fetchGit() fetches the default branch, a tag, and a commit", async () => {
  const head = await fetchOf({});
  assert.equal(readFileSync(join(head.directory, "web/index.js"), "utf8"), "two");
  assert.equal(head.commit, git("rev-parse", "HEAD"));
  assert.ok(!existsSync(join(head.directory, ".git")));
  for (const revision of ["v1", first]) {
    const old = await fetchOf({ revision });
    assert.equal(readFileSync(join(old.directory, "web/index.js"), "utf8"), "one");
    assert.equal(old.commit, first);
  }
});

test("fetchGit() takes a folder of the repository, and no other", async () => {
  const { directory } = await fetchOf({ path: "web" });
  assert.equal(readFileSync(join(directory, "index.js"), "utf8"), "two");
  await assert.rejects(fetchOf({ path: "api" }), { code: "SourceRefused", message: /no such folder/ });
  await assert.rejects(fetchOf({ path: "../.." }), { code: "SourceRefused" });
});

test("fetchGit() says that a revision is unknown", async () => {
  await assert.rejects(fetchOf({ revision: "no-such-branch" }), {
    code: "RevisionUnknown",
    message: /"no-such-branch"/,
  });
  await assert.rejects(fetchOf({ revision: "--upload-pack=touch" }), { code: "RevisionUnknown" });
});

for (const refused of [
  "file:///etc",
  "/etc",
  "ext::sh -c touch% /tmp/x",
  "--upload-pack=touch",
  "ftp://example.org/x",
]) {
  test(`fetchGit() refuses ${refused}`, async () => {
    await assert.rejects(fetchOf({ url: refused }), {
      code: "SourceRefused",
      message: /https, http, ssh or git/,
    });
  });
}

test("fetchGit() says that a host does not answer, and hides the password of a URL", async () => {
  await assert.rejects(
    fetchOf({ url: "http://ada:secret@127.0.0.1:9/app.git" }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, "SourceUnreachable");
      assert.ok(!error.message.includes("secret"), error.message);
      return true;
    },
  );
});

test("fetchGit() tells a login from a repository that is not there", async () => {
  const server = createServer((request, response) =>
    response.writeHead(request.url?.startsWith("/closed") ? 401 : 404, { "www-authenticate": "Basic" }).end(),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await assert.rejects(fetchOf({ url: `http://127.0.0.1:${port}/closed/app.git` }), {
      code: "SourceUnauthorized",
    });
    await assert.rejects(fetchOf({ url: `http://127.0.0.1:${port}/none/app.git` }), {
      code: "SourceUnreachable",
      message: /no git repository/,
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("fetchGit() gives up on a host that accepts and says nothing", async () => {
  const server = createTcpServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await assert.rejects(fetchOf({ url: `http://127.0.0.1:${port}/app.git`, timeoutSeconds: 1 }), {
      code: "SourceUnreachable",
      message: /did not answer within 1 s/,
    });
  } finally {
    server.close();
  }
});
