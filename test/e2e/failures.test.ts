import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { example, startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";
import { Source } from "./support/sources.ts";

const APP = ["--system", "e2e", "--app", "steady"];

/** What failure looks like; a release that serves goes on serving through all of it. */
describe("what fails", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startPlatform();
    await platform.json("deploy", example("hello-node"), ...APP);
  });
  after(() => platform?.stop());

  const serves = async (): Promise<void> => {
    const { status, body } = await platform.ask("steady");
    assert.equal(status, 200, body);
    assert.match(body, /^Hello from JDOS/);
  };

  it("a failing build shows its step and its log, and the running release goes on", async () => {
    const { exitCode, stdout, stderr } = await platform.jdos("deploy", example("broken-build"), ...APP);
    assert.equal(exitCode, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /Cannot find name 'colour'/);
    assert.match(stderr, /^BuildFailed: Build 2 failed at stage "build": .*\nhint: /m);
    await serves();
    assert.match(
      await platform.say("why", ...APP),
      /^Build 2 failed at stage "build"[^\n]*release 1 keeps serving/,
    );
  });

  it("a crash-looping release ends the deploy with exit code and last lines, and the earlier release goes on", async () => {
    const { exitCode, stderr } = await platform.jdos("deploy", example("crash-loop"), ...APP);
    assert.equal(exitCode, 1);
    assert.match(stderr, /cannot start: DATABASE_URL is not set/);
    assert.match(stderr, /^CrashLoop: .*exit code 1.*release 1 keeps serving/m);
    await serves();
    const why = await platform.say("why", ...APP);
    assert.match(why, /exit code 1/);
    assert.match(why, /Next: Set the variable: jdos env set DATABASE_URL=VALUE/);
    await platform.say("rollback", "1", ...APP);
    await serves();
  });

  it("an application that listens on another port is told so", async () => {
    const source = new Source("hello-node").replace("server.js", "Number(process.env.PORT ?? 8080)", "3000");
    try {
      const deploy = await platform.jdos(
        "deploy",
        source.path,
        "--system",
        "e2e",
        "--app",
        "deaf",
        "--timeout",
        "12",
      );
      assert.equal(deploy.exitCode, 1);
      await eventually(async () =>
        assert.match(
          await platform.say("why", "--system", "e2e", "--app", "deaf"),
          /listens on port 3000, but its traffic goes to port 8080/,
        ),
      );
    } finally {
      source.remove();
    }
  });

  it("a FROM that cannot be had is named", async () => {
    const source = new Source("dockerfile").replace(
      "Dockerfile",
      "FROM registry.jdos.internal/jdos/base:12",
      "FROM registry.jdos.internal/jdos/none:1",
    );
    try {
      const { exitCode, stderr } = await platform.jdos(
        "deploy",
        source.path,
        "--system",
        "e2e",
        "--app",
        "from",
      );
      assert.equal(exitCode, 1);
      assert.match(stderr, /BuildFailed: .*jdos\/none:1/);
      assert.match(stderr, /^hint: /m);
    } finally {
      source.remove();
    }
  });

  it("a git URL that does not answer is named", async () => {
    const { exitCode, stderr } = await platform.jdos(
      "deploy",
      "http://127.0.0.1:9/none.git",
      "--system",
      "e2e",
      "--app",
      "git",
    );
    assert.equal(exitCode, 1);
    assert.match(stderr, /BuildFailed: Build 1 failed at stage "source": .*127\.0\.0\.1:9/);
  });

  it("an image that does not exist is named", async () => {
    const { exitCode, stderr } = await platform.jdos(
      "deploy",
      `image:${platform.images}/e2e/none:1`,
      "--system",
      "e2e",
      "--app",
      "image",
    );
    assert.equal(exitCode, 1);
    assert.ok(
      stderr.includes(`ImagePullFailed: Image "${platform.images}/e2e/none:1" cannot be pulled`),
      stderr,
    );
  });

  it("what does not exist, and what is taken, is said with a hint", async () => {
    const refused = async (...args: string[]): Promise<string> => {
      const { exitCode, stderr } = await platform.jdos(...args);
      assert.equal(exitCode, 1, args.join(" "));
      assert.match(stderr, /^[A-Za-z]+: .+\nhint: .+\n$/, stderr);
      return stderr;
    };
    assert.match(
      await refused("deploy", example("hello-node"), "--system", "nowhere", "--app", "x"),
      /jdos system create nowhere/,
    );
    assert.match(await refused("system", "create", "e2e"), /^AlreadyExists: /);
    assert.match(await refused("system", "create", "kube-system"), /kube-system/);
    assert.match(await refused("ps", "--system", "e2e", "--app", "none"), /^NotFound: /);
    assert.match(await refused("rollback", "99", ...APP), /^NotFound: .*release 99/);
    assert.match(await refused("deploy", "/no/such/directory", ...APP), /^NotADirectory: /);
  });

  it("a Pod that has no room says so in the scheduler's words", async () => {
    const { exitCode } = await platform.jdos(
      "deploy",
      example("hello-node"),
      "--system",
      "e2e",
      "--app",
      "huge",
      "--memory",
      "900Gi",
      "--timeout",
      "20",
    );
    assert.equal(exitCode, 1);
    await eventually(async () =>
      assert.match(
        await platform.say("why", "--system", "e2e", "--app", "huge"),
        /has no node to run on: 0\/(\d) nodes are available: \1 Insufficient memory/,
      ),
    );
  });
});
