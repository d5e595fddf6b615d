import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";
import { Clone, killGitServer } from "./support/push.ts";

/** Seconds after the begin of a push at which the git server is killed. */
const KILLS = [0.1, 0.4, 1];

describe("git push", () => {
  let platform: TestPlatform;
  const clones: Clone[] = [];
  before(async () => {
    platform = await startPlatform();
  });
  after(async () => {
    for (const { source } of clones) source.remove();
    await platform?.stop();
  });

  async function clone(app: string): Promise<Clone> {
    const made = await Clone.create(platform, { example: "hello-node", app });
    clones.push(made);
    return made;
  }

  const linesOf = (stderr: string): string[] =>
    stderr.split("\n").flatMap((line) => /^remote: (.*?)\s*$/.exec(line)?.[1] ?? []);

  it("a push is built and answers at the URL in its last line; the next one changes the answer", async () => {
    const made = await platform.json<{ remote: string }>("app", "create", "pushed", "--system", "e2e");
    assert.match(made.remote, /^http:\/\/git\.jdos\.localhost:\d+\/e2e\/pushed\.git$/);
    const tree = await clone("pushed");
    const first = await tree.push();
    assert.equal(first.exitCode, 0, first.stderr);
    const lines = linesOf(first.stderr);
    for (const stage of ["source", "build", "push", "release", "ready"])
      assert.ok(
        lines.some((line) => line.startsWith(`-----> ${stage}`)),
        `${stage}: ${first.stderr}`,
      );
    assert.match(lines.at(-1) ?? "", /^ {7}http:\/\/pushed\.e2e\.jdos\.localhost:\d+$/);
    assert.match((await platform.ask("pushed")).body, /^Hello from JDOS/);

    tree.source.replace("server.js", "Hello from JDOS", "Hello again");
    const commit = await tree.commit();
    const second = await tree.push();
    assert.match(second.stderr, /Release 2 is ready/);
    assert.match((await platform.ask("pushed")).body, /^Hello again/);
    const [build] = await platform.json<{ revision: string; ref: string }[]>(
      "builds",
      "--system",
      "e2e",
      "--app",
      "pushed",
    );
    assert.deepEqual([build?.revision, build?.ref], [commit, "main"]);
    const [release] = await platform.json<{ reason: string }[]>(
      "releases",
      "--system",
      "e2e",
      "--app",
      "pushed",
    );
    assert.equal(release?.reason, `push ${commit.slice(0, 7)} main`);
  });

  it("a build that fails is shown with its log, keeps the push, and what runs goes on", async () => {
    const tree = await clone("failing");
    assert.equal((await tree.push()).exitCode, 0);
    tree.source.write(
      "Dockerfile",
      "FROM registry.jdos.internal/jdos/base:12\nRUN echo this will fail && exit 3\n",
    );
    const commit = await tree.commit();
    const { exitCode, stderr } = await tree.push();
    assert.equal(exitCode, 0);
    assert.match(stderr, /this will fail/);
    assert.match(stderr, /Not deployed: Build 2 failed at stage "build"/);
    assert.ok((await tree.lsRemote("main")).stdout.startsWith(commit));
    assert.match((await platform.ask("failing")).body, /^Hello from JDOS/);
  });

  it(`kill -9 of the git server ${KILLS.length} times in the middle of a push: the next push goes on`, async () => {
    const tree = await clone("killed");
    let greeting = "Hello from JDOS";
    for (const seconds of KILLS) {
      const next = `Hello ${seconds}`;
      tree.source.replace("server.js", greeting, next);
      greeting = next;
      const commit = await tree.commit();
      const push = tree.push();
      await sleep(seconds * 1000);
      await killGitServer(platform);
      await push;
      await eventually(async () => {
        const { exitCode, stderr } = await tree.push();
        assert.equal(exitCode, 0, stderr);
      });
      assert.ok((await tree.lsRemote("main")).stdout.startsWith(commit));
      // Accepted before the kill, it goes on by itself.
      await eventually(async () => assert.ok((await platform.ask("killed")).body.startsWith(next)));
    }
  });
});
