import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { DEVELOPER, VIEWER } from "../testing/fake-platform.ts";
import { startTestGitServer, type TestGitServer } from "../testing/start-test-git-server.ts";
import { WorkTree } from "../testing/work-tree.ts";

describe("repositories over HTTP", () => {
  let git: TestGitServer;
  let trees: WorkTree[] = [];
  before(async () => {
    git = await startTestGitServer();
  });
  after(() => git.stop());
  afterEach(async () => {
    for (const tree of trees) await tree.remove();
    trees = [];
  });

  async function clone(app: string, token = DEVELOPER): Promise<WorkTree> {
    const tree = await WorkTree.create();
    trees.push(tree);
    await tree.git("remote", "add", "jdos", git.remote(app, token));
    return tree;
  }

  interface Asked {
    method?: string;
    headers?: Record<string, string>;
    body?: Buffer;
  }

  /** As it is written: nothing tidies the path up. */
  function ask(path: string, { method = "GET", headers = {}, body }: Asked = {}) {
    return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
      (resolve, reject) => {
        const { hostname, port } = new URL(git.server.url);
        const basic = `Basic ${Buffer.from(`any:${DEVELOPER}`).toString("base64")}`;
        const call = request(
          { hostname, port, path, method, headers: { authorization: basic, ...headers }, agent: false },
          (response) => {
            text(response).then(
              (said) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: said }),
              reject,
            );
          },
        );
        call.on("error", reject);
        call.end(body);
      },
    );
  }

  const PUSH = "/demo/web.git/info/refs?service=git-receive-pack";

  it("asks for a login, says that any user name will do, and knows a wrong token", async () => {
    const without = await ask(PUSH, { headers: { authorization: "" } });
    assert.equal(without.status, 401);
    assert.match(
      String(without.headers["www-authenticate"]),
      /^Basic realm="JDOS: any user name, and your token/,
    );
    const wrong = await clone("web", "wrong");
    const { exitCode, stderr } = await wrong.try("push", "jdos", "main");
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /Authentication failed|could not read/);
    assert.equal((await ask(PUSH, { headers: { authorization: `Bearer ${DEVELOPER}` } })).status, 200);
  });

  it("lets a viewer fetch and not push, and says why", async () => {
    const owner = await clone("seen");
    await owner.git("push", "jdos", "main");
    const viewer = await clone("seen", VIEWER);
    await viewer.git("fetch", "--quiet", "jdos");
    const { exitCode, stderr } = await viewer.try("push", "--force", "jdos", "main:other");
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /remote: Cannot push to demo\/seen: vera cannot create builds/);
  });

  it("says what is missing: the system, or a push", async () => {
    const tree = await clone("never");
    assert.match((await tree.try("fetch", "jdos")).stderr, /nothing was pushed to it yet/);
    await tree.git("remote", "set-url", "jdos", git.remote("never").replace("/demo/", "/nowhere/"));
    assert.match((await tree.try("push", "jdos", "main")).stderr, /remote: Cannot find system "nowhere"/);
  });

  it("serves nothing but git's smart protocol, and no path but that of a repository", async () => {
    const service = "?service=git-upload-pack";
    for (const path of [
      "/demo/web.git/HEAD",
      "/demo/web.git/config",
      "/demo/web.git/info/refs",
      "/demo/web.git/info/refs?service=git-shell",
      `/demo/..%2F..%2Fetc.git/info/refs${service}`,
      `/demo/../../etc/info/refs${service}`,
      `/..%2f/web.git/info/refs${service}`,
      `/demo/web.git/../../x/info/refs${service}`,
      `/Demo/web.git/info/refs${service}`,
      `/demo/-web.git/info/refs${service}`,
      `/demo/web%00.git/info/refs${service}`,
      `/demo/web.git/info/refs%00${service}`,
      "/",
    ])
      assert.equal((await ask(path)).status, 404, path);
    assert.equal((await ask("/demo/%zz/info/refs")).status, 400);
    assert.equal((await ask("/demo/web.git/git-receive-pack")).status, 405);
    assert.equal((await ask("/healthz")).status, 200);
  });

  it("refuses a push that says it is larger than 1 GiB before it is sent", async () => {
    const answer = await ask("/demo/web.git/git-receive-pack", {
      method: "POST",
      headers: { "content-length": String(2 * 1024 ** 3), expect: "100-continue" },
    }).catch((error: NodeJS.ErrnoException) => ({ status: 0, body: String(error.code), headers: {} }));
    assert.equal(answer.status, 413, answer.body);
    assert.match(answer.body, /larger than 1024 MiB/);
  });

  it("takes what git sends in chunks, and packed by gzip", async () => {
    const tree = await clone("chunks");
    await writeFile(join(tree.directory, "data.bin"), randomBytes(5 * 1024 * 1024));
    await tree.commit({});
    const { stderr } = await tree.git("-c", "http.postBuffer=65536", "push", "jdos", "main");
    assert.match(stderr, /Release 1 is ready/);
    const head = (await tree.git("rev-parse", "main")).stdout.trim();
    const line = `want ${head}\n`;
    const body = gzipSync(`${(line.length + 4).toString(16).padStart(4, "0")}${line}00000009done\n`);
    const answer = await ask("/demo/chunks.git/git-upload-pack", {
      method: "POST",
      body,
      headers: {
        "content-type": "application/x-git-upload-pack-request",
        "content-encoding": "gzip",
        "content-length": String(body.length),
      },
    });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /^0008NAK\nPACK/);
  });

  it("keeps nothing of a broken pack, and goes on", async () => {
    const zero = "0".repeat(40);
    const command = `${zero} ${"1".repeat(40)} refs/heads/main\0 report-status side-band-64k`;
    const body = Buffer.concat([
      Buffer.from(`${(command.length + 4).toString(16).padStart(4, "0")}${command}0000`),
      Buffer.from("PACK\0\0\0\x02\0\0\0\x01garbage"),
    ]);
    await ask(PUSH.replace("web", "broken"));
    const answer = await ask("/demo/broken.git/git-receive-pack", {
      method: "POST",
      body,
      headers: { "content-type": "application/x-git-receive-pack-request" },
    });
    assert.match(answer.body, /unpack (index-pack|unpack-objects) abnormal exit/);
    const tree = await clone("broken");
    assert.match((await tree.git("push", "jdos", "main")).stderr, /Release 1 is ready/);
  });

  it("checks what objects say: a commit with a hostile path is refused", async () => {
    const tree = await clone("hostile");
    const blob = (await tree.git("hash-object", "-w", "index.html")).stdout.trim();
    const entry = Buffer.concat([Buffer.from("100644 .git\0"), Buffer.from(blob, "hex")]);
    await writeFile(join(tree.directory, ".git", "tree.bin"), entry);
    const bad = (
      await tree.git("hash-object", "-t", "tree", "--literally", "-w", ".git/tree.bin")
    ).stdout.trim();
    const commit = (await tree.git("commit-tree", bad, "-m", "hostile")).stdout.trim();
    const { exitCode, stderr } = await tree.try("push", "jdos", `${commit}:refs/heads/main`);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /hasDotgit/);
  });

  it("runs no hook but its own, and follows no link of jdos.yaml", async () => {
    const tree = await clone("links");
    await tree.git("push", "jdos", "main");
    const repository = join(git.dataDirectory, "repositories/demo/links.git");
    await mkdir(join(repository, "hooks"), { recursive: true });
    await writeFile(join(repository, "hooks/update"), "#!/bin/sh\ntouch ran\nexit 1\n", { mode: 0o755 });
    await writeFile(join(tree.directory, "link"), "/etc/passwd");
    const blob = (await tree.git("hash-object", "-w", "link")).stdout.trim();
    await tree.git("update-index", "--add", "--cacheinfo", `120000,${blob},jdos.yaml`);
    await tree.git("commit", "--quiet", "-m", "link");
    const { stderr } = await tree.git("push", "jdos", "main");
    assert.match(stderr, /jdos.yaml: it is a symbolic link/);
    assert.ok(!(await readdir(repository)).includes("ran"));
  });

  it("takes back at its start what a kill left between the refs and the deploy", async () => {
    const tree = await clone("killed");
    await tree.git("push", "jdos", "main");
    const before = (await tree.git("rev-parse", "main")).stdout.trim();
    const after = await tree.commit({ "index.html": "two" });
    // As it is on disk when the process dies after git wrote the branch.
    await tree.git("push", "jdos", "main");
    const pending = {
      name: { system: "demo", app: "killed" },
      updates: [{ ref: "refs/heads/main", before, after }],
    };
    await writeFile(join(git.dataDirectory, "pending/x.json"), JSON.stringify(pending));
    await writeFile(join(git.dataDirectory, "pending/y.json.new"), "{");
    await writeFile(join(git.dataDirectory, "pending/z.json"), '{"name": {"system": "..", "app": "x"}}');
    await git.restart();
    await tree.git("remote", "set-url", "jdos", git.remote("killed"));
    assert.ok((await tree.git("ls-remote", "jdos", "main")).stdout.startsWith(before));
    assert.deepEqual(await readdir(join(git.dataDirectory, "pending")), []);
    assert.match((await tree.git("push", "jdos", "main")).stderr, /Release 1 is ready/);
  });

  it("shows nothing of an application that is gone to one of the same name", async () => {
    const tree = await clone("reborn");
    await tree.git("push", "jdos", "main");
    git.platform.applications.set("demo/reborn", { uid: "another" });
    assert.match((await tree.try("fetch", "jdos")).stderr, /nothing was pushed to it yet/);
    const other = await clone("reborn");
    assert.match((await other.git("push", "jdos", "main")).stderr, /new branch|Release 1 is ready/);
    assert.equal((await other.git("ls-remote", "jdos")).stdout.trim().split("\n").length, 2);
  });
});
