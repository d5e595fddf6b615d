import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProgressEvent } from "@jdos/api";
import { getsReady, VIEWER } from "../testing/fake-platform.ts";
import { startTestGitServer, type TestGitServer } from "../testing/start-test-git-server.ts";
import { WorkTree } from "../testing/work-tree.ts";

/** The files of an uploaded archive with their content. */
function filesOf(archive: Buffer): string[] {
  return execFileSync("tar", ["-t"], { input: archive, encoding: "utf8" }).trim().split("\n");
}

describe("git push", () => {
  let git: TestGitServer;
  let trees: WorkTree[] = [];
  before(async () => {
    git = await startTestGitServer();
  });
  after(() => git.stop());
  afterEach(async () => {
    git.platform.progress = getsReady;
    git.platform.refusals.clear();
    for (const tree of trees) await tree.remove();
    trees = [];
  });

  /** A clone with the application's remote. */
  async function clone(app: string, files?: Record<string, string>): Promise<WorkTree> {
    const tree = await WorkTree.create(files);
    trees.push(tree);
    await tree.git("remote", "add", "jdos", git.remote(app));
    return tree;
  }

  it("makes the application, deploys the commit and ends with the URL", async () => {
    const tree = await clone("first", { "package.json": "{}", "src/a.js": "1" });
    const commit = (await tree.git("rev-parse", "HEAD")).stdout.trim();
    const { remote, stderr } = await tree.git("push", "jdos", "main");
    const lines = remote.filter((line) => line !== "");
    assert.equal(lines[0], `-----> Deploying ${commit.slice(0, 7)} of main to demo/first`, stderr);
    assert.ok(lines.includes("-----> build      1.5 s  node: package.json"), stderr);
    assert.equal(lines.at(-1), "       http://hello.demo.example:8080");
    const deploy = git.platform.deploys.at(-1)!;
    const { digest, archive } = git.platform.uploads.at(-1)!;
    assert.deepEqual(deploy.source, { bundle: { digest, revision: commit, ref: "main" } });
    assert.deepEqual(filesOf(archive), ["package.json", "src/", "src/a.js"]);
    assert.ok(git.platform.applications.has("demo/first"));
  });

  it("makes the same bundle of the same files, whenever they are committed", async () => {
    const tree = await clone("same");
    await tree.git("push", "jdos", "main");
    await tree.git("commit", "--amend", "--quiet", "--date=2001-01-01T00:00:00", "-m", "another");
    await tree.git("push", "--force", "jdos", "main");
    const [first, second] = git.platform.uploads.slice(-2);
    assert.ok(first!.archive.equals(second!.archive));
  });

  it("gives back what was pushed", async () => {
    const tree = await clone("back");
    await tree.git("push", "jdos", "main");
    const other = await clone("other");
    await other.git("fetch", "--quiet", git.remote("back", VIEWER), "main");
    assert.equal(
      (await other.git("rev-parse", "FETCH_HEAD")).stdout,
      (await tree.git("rev-parse", "main")).stdout,
    );
  });

  it("keeps a commit whose build fails, and shows its log and why", async () => {
    git.platform.progress = function* (_, build): Generator<ProgressEvent> {
      yield { type: "stage", stage: "build", state: "started" };
      yield { type: "stage", stage: "build", state: "failed", message: "exit code 1" };
      yield { type: "log", line: "\u001b[31mno such module\u001b[0m\u0007", pod: build };
      yield {
        type: "failed",
        error: { code: "BuildFailed", message: "Build 1 failed", hint: "See jdos build logs" },
        result: {},
      };
    };
    const tree = await clone("failing");
    const { remote, exitCode } = await tree.git("push", "jdos", "main");
    assert.equal(exitCode, 0);
    assert.ok(remote.includes("       | no such module"), remote.join("\n"));
    assert.ok(remote.includes("-----> Not deployed: Build 1 failed"));
    assert.match((await tree.git("ls-remote", "jdos", "main")).stdout, /refs\/heads\/main/);
  });

  it("says a line about other branches, tags, deletions and forced pushes, and deploys none of them", async () => {
    const tree = await clone("lines");
    await tree.git("push", "jdos", "main");
    const deploys = git.platform.deploys.length;
    await tree.git("tag", "v1");
    assert.deepEqual(
      (await tree.git("push", "jdos", "main:feature", "v1")).remote.filter((line) => line !== ""),
      [
        "-----> Kept branch feature, which is not deployed (deployed: main, master)",
        "-----> Kept tag v1, which is not deployed (no tag is deployed)",
      ],
    );
    assert.match((await tree.git("push", "jdos", "--delete", "feature")).stderr, /Deleted branch feature/);
    assert.match(
      (await tree.git("push", "jdos", "--delete", "main")).stderr,
      /Deleted branch main; what runs goes on/,
    );
    assert.equal(git.platform.deploys.length, deploys);
    assert.match((await tree.git("push", "jdos", "main")).stderr, /Deploying/);
    assert.match((await tree.git("push", "jdos", "main")).stderr, /up-to-date/);
    await tree.git("commit", "--amend", "--quiet", "-m", "rewritten");
    assert.notEqual((await tree.try("push", "jdos", "main")).exitCode, 0);
    assert.match((await tree.git("push", "--force", "jdos", "main")).stderr, /Replaced the history of main/);
    const odd = await tree.try("push", "jdos", "main:refs/odd/main");
    assert.match(odd.stderr, /only branches and tags are kept/);
    assert.notEqual(odd.exitCode, 0);
  });

  it("deploys the branches, tags and folder that the application's triggers name", async () => {
    const tree = await clone("triggered", { "web/index.html": "1", "api/server.js": "2" });
    git.platform.applications.set("demo/triggered", {
      uid: "u-1",
      triggers: { branches: ["release/*"], tags: ["v*"], path: "web" },
    });
    assert.match((await tree.git("push", "jdos", "main")).stderr, /Kept branch main/);
    assert.match((await tree.git("push", "jdos", "main:release/1")).stderr, /Deploying \w+ of release\/1/);
    assert.deepEqual(filesOf(git.platform.uploads.at(-1)!.archive), ["index.html"]);
    await tree.git("tag", "-a", "v2", "-m", "two");
    await tree.git("push", "jdos", "v2");
    const { bundle } = git.platform.deploys.at(-1)!.source;
    assert.equal(bundle?.ref, "v2");
    assert.equal(bundle?.revision, (await tree.git("rev-parse", "v2^{commit}")).stdout.trim());
  });

  it("gives who clones the branch that is deployed", async () => {
    const tree = await clone("mastered");
    await tree.git("push", "jdos", "main:master");
    assert.match(
      (await tree.git("ls-remote", "--symref", "jdos", "HEAD")).stdout,
      /^ref: refs\/heads\/master\tHEAD/,
    );
  });

  it("keeps a commit whose settings the platform refuses", async () => {
    const tree = await clone("unfit");
    const error = { code: "Invalid", message: "spec.routes[0].host: it is taken" };
    git.platform.refusals.set("POST deploy", [{ status: 422, error }]);
    const { stderr } = await tree.git("push", "jdos", "main");
    assert.match(stderr, /Not deployed: spec.routes\[0\].host: it is taken/);
    assert.doesNotMatch(stderr, /taken back/);
    assert.match((await tree.git("ls-remote", "jdos", "main")).stdout, /refs\/heads\/main/);
  });

  it("reads jdos.yaml of the commit, and says what is wrong with it", async () => {
    const tree = await clone("file", {
      "jdos.yaml": "path: web\nrun:\n  ports: [{ port: 3000 }]\n",
      "web/index.html": "1",
    });
    await tree.git("push", "jdos", "main");
    assert.deepEqual(git.platform.deploys.at(-1)?.run, { ports: [{ port: 3000 }] });
    assert.deepEqual(filesOf(git.platform.uploads.at(-1)!.archive), ["index.html"]);
    await tree.commit({ "jdos.yaml": "run:\n  prots: []\n" });
    const { stderr } = await tree.git("push", "jdos", "main");
    assert.match(stderr, /Not deployed: Cannot read jdos.yaml: run.prots: there is no such setting/);
    await tree.commit({ "jdos.yaml": "path: nowhere\n" });
    assert.match((await tree.git("push", "jdos", "main")).stderr, /it has no folder "nowhere"/);
  });

  it("takes a push back that the platform would not deploy, so that it can be sent again", async () => {
    const tree = await clone("refused");
    const frozen = {
      code: "Frozen",
      message: "Cannot deploy: the system is frozen until Monday",
      hint: "Wait",
    };
    git.platform.refusals.set("POST deploy", [{ status: 409, error: frozen }]);
    const first = await tree.git("push", "jdos", "main");
    assert.match(first.stderr, /frozen until Monday/);
    assert.match(first.stderr, /The push was taken back/);
    assert.equal((await tree.git("ls-remote", "jdos")).stdout, "");
    assert.match((await tree.git("push", "jdos", "main")).stderr, /Release 1 is ready/);
  });

  it("waits for a platform that is away for a moment", async () => {
    const tree = await clone("patient");
    const away = { status: 503, error: { code: "Unavailable", message: "starting" } };
    git.platform.refusals.set("POST source", [away]);
    git.platform.refusals.set("GET progress", [away]);
    assert.match((await tree.git("push", "jdos", "main")).stderr, /Release 1 is ready/);
  });

  it("deploys the newer of two pushes, and says so to the older", async () => {
    const tree = await clone("two");
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    git.platform.progress = async function* (deploy, build) {
      if (deploy.app === "two") await held;
      yield* getsReady(deploy, build);
    };
    await tree.git("branch", "one");
    const first = tree.try("push", "jdos", "one:main");
    while (!git.platform.deploys.some(({ app }) => app === "two")) await sleep(20);
    const commit = await tree.commit({ "index.html": "two" });
    const second = tree.try("push", "jdos", "main");
    while (git.platform.deploys.filter(({ app }) => app === "two").length < 2) await sleep(20);
    release();
    for (const { exitCode, stderr } of await Promise.all([first, second])) assert.equal(exitCode, 0, stderr);
    assert.equal(git.platform.deploys.at(-1)?.source.bundle?.revision, commit);
  });

  it("goes on with a deploy whose client hangs up", async () => {
    const tree = await clone("gone");
    let asked = 0;
    git.platform.refusals.set("POST source", [
      { status: 503, error: { code: "Unavailable", message: "busy" } },
    ]);
    git.platform.progress = async function* (deploy, build) {
      asked++;
      await sleep(300);
      yield* getsReady(deploy, build);
    };
    const push = tree.start("push", "jdos", "main");
    await new Promise<void>((resolve) => {
      push.stderr.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes("Deploying")) resolve();
      });
    });
    process.kill(push.pid!, "SIGKILL");
    for (let waited = 0; asked === 0 && waited < 100; waited++) await sleep(50);
    assert.equal(git.platform.deploys.at(-1)?.app, "gone");
    assert.match((await tree.git("ls-remote", "jdos", "main")).stdout, /refs\/heads\/main/);
  });
});
