import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { BuildView } from "@jdos/api/platform-api";
import { ask } from "./support/http.ts";
import { startPlatform, type TestPlatform } from "./support/platform.ts";
import { type Ended, eventually } from "./support/process.ts";
import { Source } from "./support/sources.ts";

const SYSTEMS = ["e2e", "e2e-other"] as const;
const LONG = ["--system", "e2e", "--app", "long"];
const flags = (system: string, app: string) => ["--system", system, "--app", app];

/** hello-node with a build script that takes a while. */
function slow(seconds: number): Source {
  return new Source("hello-node")
    .replace("package.json", '"start":', '"build": "node wait.js", "start":')
    .write(
      "wait.js",
      `let n = 0; setInterval(() => { console.log("waited", ++n); if (n >= ${seconds}) process.exit(); }, 1000);`,
    );
}

describe("the build queue", () => {
  let platform: TestPlatform;
  let long: Promise<Ended>;
  let quick: Promise<Ended>[];
  const sources = [slow(120), slow(2)] as const;

  before(async () => {
    platform = await startPlatform();
    const other = await platform.jdos("system", "create", SYSTEMS[1]);
    assert.ok(other.exitCode === 0 || other.stderr.startsWith("AlreadyExists"), other.stderr);
    long = platform.jdos("deploy", sources[0].path, ...LONG);
    await eventually(async () => assert.equal((await build("e2e", "long", 1)).phase, "Running"));
    quick = SYSTEMS.map((system) => platform.jdos("deploy", sources[1].path, ...flags(system, "quick")));
    await Promise.all(SYSTEMS.map((system) => eventually(() => build(system, "quick", 1))));
  });
  after(async () => {
    for (const source of sources) source.remove();
    await platform?.jdos("system", "delete", SYSTEMS[1]);
    await platform?.stop();
  });

  const builds = (system: string, app: string) => platform.json<BuildView[]>("builds", ...flags(system, app));

  async function build(system: string, app: string, number: number): Promise<BuildView> {
    const found = (await builds(system, app)).find((each) => each.number === number);
    assert.ok(found, `${app}-b${number} is not there`);
    return found;
  }

  /** Asks for a build of what an application's first build is of. */
  async function again(
    system: string,
    app: string,
    { number, ...spec }: { number: number; [key: string]: unknown },
  ) {
    const first = await platform.kubectl(["get", "build", `${app}-b1`, "-n", system, "-o", "json"]);
    const { source } = (JSON.parse(first.stdout) as { spec: { source: object } }).spec;
    const made = {
      apiVersion: "jdos.io/v1",
      kind: "Build",
      metadata: { name: `${app}-b${number}`, namespace: system },
      spec: { application: app, number, source, ...spec },
    };
    const { exitCode, stderr } = await platform.kubectl(["create", "-f", "-"], {
      input: JSON.stringify(made),
    });
    assert.equal(exitCode, 0, stderr);
  }

  it("of six builds of two systems each system has its turn, and those that wait say their place", async () => {
    for (const system of SYSTEMS) await again(system, "quick", { number: 2 });
    await again("e2e", "long", { number: 2, timeoutSeconds: 10 });
    await again("e2e", "long", { number: 3 });
    await again("e2e", "long", { number: 4 });
    const waiting = await eventually(async () => {
      const found = await build("e2e", "long", 4);
      assert.match(found.message ?? "", /^(It is the next|\d+ builds? (is|are) before)/);
      return found;
    });
    assert.deepEqual([waiting.phase, waiting.reason], ["Queued", "Queued"]);
    assert.match(await platform.say("why", ...LONG), /^Build 4 is queued: /);
    // The other system came last and waits for one place, not for the whole queue.
    await eventually(async () => {
      assert.match((await build("e2e-other", "quick", 1)).phase, /Running|Succeeded/);
      assert.equal((await build("e2e", "long", 4)).phase, "Queued");
    });
  });

  it("a queued build that is cancelled leaves at once, and an older push gives way to a newer one", async () => {
    const cancelled = await platform.json<BuildView>("build", "cancel", "3", ...LONG);
    assert.deepEqual([cancelled.phase, cancelled.startedAt], ["Cancelled", undefined]);
    assert.equal(cancelled.message, `${platform.administrator} cancelled it while it was queued`);
    const trigger = { kind: "Push", ref: "main" };
    await again("e2e", "long", { number: 5, trigger });
    await again("e2e", "long", { number: 6, trigger });
    await eventually(async () => assert.equal((await build("e2e", "long", 5)).reason, "Superseded"));
    for (const number of ["4", "6"]) await platform.say("build", "cancel", number, ...LONG);
  });

  it("a running build that is cancelled leaves no Pod, makes no release, and keeps its log", async () => {
    const log = () => platform.say("build", "log", "1", ...LONG);
    await eventually(async () => assert.match(await log(), /^waited 1$/m));
    const said = await platform.say("build", "cancel", "1", ...LONG);
    assert.match(said, /cancelled it in stage build/);
    const { exitCode, stderr } = await long;
    assert.equal(exitCode, 1);
    assert.match(stderr, /^BuildCancelled: Build 1 was cancelled: /m);
    const pods = await platform.kubectl([
      "get",
      "pods,jobs",
      "-n",
      "e2e",
      "-l",
      "jdos.io/build=long-b1",
      "-o",
      "name",
    ]);
    assert.equal(pods.stdout, "");
    assert.match(await log(), /^waited 1$/m);
    assert.deepEqual(await platform.json("releases", ...LONG), []);
    const { stderr: refused } = await platform.jdos("build", "retry", "99", ...LONG);
    assert.match(refused, /^NotFound: /);
  });

  it("what was before and behind it is built, and served", async () => {
    for (const deploy of quick) {
      const { exitCode, stderr } = await deploy;
      // Where more are built at once, a later deploy of the same application may be quicker.
      assert.ok(exitCode === 0 || /^Superseded: /m.test(stderr), stderr);
    }
    for (const system of SYSTEMS) {
      await eventually(async () => assert.equal((await build(system, "quick", 2)).phase, "Succeeded"));
      const { status } = await ask({ ...platform.routes, host: `quick.${system}.jdos.localhost` });
      assert.equal(status, 200);
    }
  });

  it("a build whose time is over says in which stage it was, and its log outlives its Pod", async () => {
    const late = await eventually(async () => {
      const found = await build("e2e", "long", 2);
      assert.equal(found.phase, "Failed", JSON.stringify(found));
      return found;
    });
    assert.deepEqual([late.reason, late.stage], ["TimedOut", "build"]);
    await platform.kubectl(["delete", "job", "long-b2", "-n", "e2e", "--wait=true"]);
    assert.match(
      await platform.say("build", "log", "2", "-f", ...LONG),
      /^--- stage build started$[\s\S]*^error: .*longer than 10 s/m,
    );
  });

  it("steps of one's own run before and after the image, and a failing one stops the release", async () => {
    const own = ["--system", "e2e", "--app", "own"];
    const yaml = (test: string, scan: string): string => `build:
  steps:
    before: [{name: unit, run: ${JSON.stringify(test)}}]
    after: [{name: scan, run: ${JSON.stringify(scan)}}]
`;
    const source = new Source("hello-node").write(
      "jdos.yaml",
      yaml("npm test", 'echo "scanned $JDOS_IMAGE as $(id -u)"'),
    );
    try {
      source.replace("package.json", '"start":', '"test": "node -e \\"console.log(6*7)\\"", "start":');
      const deployed = await platform.jdos("deploy", source.path, ...own);
      assert.equal(deployed.exitCode, 0, deployed.stderr);
      const stages = ["source", "test", "build", "push", "after", "release"];
      const shown = deployed.stderr.split("\n").map((line) => line.split(" ")[0] ?? "");
      assert.deepEqual(
        shown.filter((name) => stages.includes(name)),
        stages,
        deployed.stderr,
      );
      const log = await platform.jdos("build", "log", "1", ...own);
      assert.match(log.stdout, /^42$/m);
      assert.match(log.stdout, /^scanned .*@sha256:[0-9a-f]{64} as 1000$/m);
      for (const [test, scan, stage] of [
        ["echo broken; exit 3", "true", "test"],
        ["true", "exit 4", "after"],
      ] as const) {
        source.write("jdos.yaml", yaml(test, scan));
        const { exitCode, stderr } = await platform.jdos("deploy", source.path, ...own);
        assert.notEqual(exitCode, 0);
        assert.match(stderr, new RegExp(`at stage "${stage}": Step "(unit|scan)" failed: exit code [34]`));
      }
      assert.equal((await build("e2e", "own", 2)).reason, "StepFailed");
      const releases = await platform.json<{ number: number }[]>("releases", ...own);
      assert.deepEqual(
        releases.map(({ number }) => number),
        [1],
      );
    } finally {
      source.remove();
    }
  });

  it("a retry builds the same source again", async () => {
    const app = flags("e2e-other", "quick");
    const { build: made, release } = await platform.json<{ build: string; release: number }>(
      "build",
      "retry",
      "1",
      ...app,
    );
    assert.deepEqual([made, release], ["quick-b3", 3]);
    const [newest, , first] = await builds("e2e-other", "quick");
    assert.deepEqual([newest?.retryOf, newest?.trigger.kind], ["quick-b1", "Retry"]);
    assert.equal(newest?.image, first?.image);
  });
});
