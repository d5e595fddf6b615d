import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type LoadResult, load } from "./support/http.ts";
import { example, hostOf, MachinePlatform, startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";
import { Source } from "./support/sources.ts";

const APP = ["--system", "e2e", "--app", "tried"];

interface View {
  release: number;
  rollout?: { phase: string; step?: number; weight: number; release: number; message?: string };
  traffic?: { weight: number; canary: { requests: number; errors: number } };
}

/** Requests all the time while a Release takes over, and is left. */
describe("rollouts", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startPlatform();
    await platform.json("deploy", example("hello-node"), ...APP, "--replicas", "2");
  });
  after(() => platform?.stop());

  const status = (): Promise<View> => platform.json<View>("canary", "status", ...APP);
  const until = async (done: (view: View) => boolean, seconds = 90): Promise<void> =>
    eventually(async () => assert.ok(done(await status()), JSON.stringify(await status())), seconds);
  const nothingBeside = () =>
    eventually(async () => {
      const { stdout } = await platform.kubectl([
        "get",
        "deployment,service,ingress",
        "-n",
        "e2e",
        "-o",
        "name",
      ]);
      assert.doesNotMatch(stdout, /canary/);
    });

  async function configure(rollout: object): Promise<void> {
    const patch = JSON.stringify({ spec: { rollout } });
    const { exitCode, stderr } = await platform.kubectl([
      "patch",
      "application",
      "tried",
      "-n",
      "e2e",
      "--type",
      "merge",
      "-p",
      patch,
    ]);
    assert.equal(exitCode, 0, stderr);
  }

  /** Requests from before `change` begins until after it ended. */
  async function during(change: () => Promise<void>): Promise<LoadResult> {
    let going = true;
    const under = load({
      ...platform.routes,
      host: hostOf("tried"),
      requests: 2000,
      more: () => going,
      workers: 6,
      perSecond: 250,
      key: (body) => body.split(",")[0] ?? "",
    });
    try {
      await change();
    } finally {
      going = false;
    }
    return under;
  }

  async function deploy(words: string, ...args: string[]): Promise<{ exitCode: number; text: string }> {
    const source = new Source("hello-node").replace("server.js", "Hello from JDOS", words);
    try {
      const { exitCode, stdout, stderr } = await platform.jdos("deploy", source.path, ...APP, ...args);
      return { exitCode: exitCode ?? -1, text: stdout + stderr };
    } finally {
      source.remove();
    }
  }

  it("a canary goes from step to step, waits, is promoted, and no request is dropped", async () => {
    await configure({ canary: { steps: [{ weight: 20, pauseSeconds: 4 }, { weight: 50 }] } });
    const result = await during(async () => {
      const { exitCode, text } = await deploy("Second", "--strategy", "canary");
      assert.equal(exitCode, 0, text);
      assert.match(await platform.say("events", ...APP), /RolloutProgressing.*takes 20 % of the requests/);
      assert.match(text, /takes 50 % of the requests[^\n]*waits at step 2 of 2[\s\S]*jdos canary promote/);
      const { release, rollout, traffic } = await status();
      assert.deepEqual([release, rollout?.phase, rollout?.weight, traffic?.weight], [1, "Paused", 50, 50]);
      assert.match(await platform.say("why", ...APP), /takes 50 % of the requests/);
      await platform.say("canary", "promote", ...APP);
      await until((view) => view.rollout?.phase === "Complete");
      await nothingBeside();
    });
    assert.deepEqual(result.failures, {});
    assert.deepEqual([...result.bodies.keys()].sort(), ["Hello from JDOS", "Second"]);
    assert.match((await platform.ask("tried")).body, /^Second/);
  });

  it("a canary that answers with errors is left by itself; what others answer is never dropped", async () => {
    await configure({ canary: { steps: [{ weight: 30, pauseSeconds: 300 }], maxErrorPercent: 5 } });
    const source = new Source("hello-node").replace(
      "server.js",
      'return response.end("ok\\n");',
      'return response.end("ok\\n"); response.statusCode = 500;',
    );
    try {
      const result = await during(async () => {
        const { exitCode, stderr } = await platform.jdos("deploy", source.path, ...APP);
        assert.equal(exitCode, 1, stderr);
        assert.match(
          stderr,
          /^ReleaseLeft: Release 3 was left, release 4 took its place: .*% of its answers are errors/m,
        );
        await nothingBeside();
      });
      const { "HTTP 500": errors = 0, ...dropped } = result.failures;
      assert.deepEqual(dropped, {});
      assert.ok(errors > 5 && errors < result.requests / 2, `${errors} of ${result.requests}`);
    } finally {
      source.remove();
    }
    assert.match(await platform.say("why", ...APP), /Release 4 runs .*back to v2, for v3 was left/);
    assert.match((await platform.ask("tried")).body, /^Second/);
  });

  it("blue-green switches at once, and drops no request on kept and on new connections", async () => {
    await configure({ strategy: "BlueGreen", blueGreen: { hold: true, keepSeconds: 5 } });
    const result = await during(async () => {
      const { exitCode, text } = await deploy("Green");
      assert.equal(exitCode, 0, text);
      assert.match(text, /is ready beside v4 and waits to be promoted/);
      assert.match((await platform.ask("tried")).body, /^Second/);
      await platform.say("canary", "promote", ...APP);
      await until((view) => view.rollout?.phase === "Complete");
      await nothingBeside();
    });
    assert.deepEqual(result.failures, {});
    assert.deepEqual([...result.bodies.keys()].sort(), ["Green", "Second"]);
  });

  it("an abort after the switch returns to Pods that were kept, and drops no request", async () => {
    await configure({ strategy: "BlueGreen", blueGreen: { hold: false, keepSeconds: 600 } });
    const result = await during(async () => {
      const deploying = deploy("Regretted");
      await until((view) => view.rollout?.weight === 100 && view.rollout.phase === "Progressing");
      await eventually(async () => assert.match((await platform.ask("tried")).body, /^Regretted/), 10);
      await platform.say("canary", "abort", ...APP);
      const { exitCode, text } = await deploying;
      assert.equal(exitCode, 1);
      assert.match(text, /ReleaseLeft: .*it was aborted by hand/);
      await nothingBeside();
    });
    assert.deepEqual(result.failures, {});
    assert.match((await platform.ask("tried")).body, /^Green/);
  });

  it("a rolling release that crash-loops is left by itself, with its configuration", async () => {
    await configure({ strategy: "Rolling" });
    const result = await during(async () => {
      const { exitCode, stderr } = await platform.jdos("deploy", example("crash-loop"), ...APP);
      assert.equal(exitCode, 1);
      assert.match(stderr, /exit code 1/);
      await eventually(async () =>
        assert.match(await platform.say("why", ...APP), /^Release 9 runs .*for v8 was left.*DATABASE_URL/),
      );
    });
    assert.deepEqual(result.failures, {});
    const releases = await platform.json<{ number: number; insteadOf?: number; current: boolean }[]>(
      "releases",
      ...APP,
    );
    assert.deepEqual(
      releases.slice(0, 2).map(({ number, insteadOf, current }) => [number, insteadOf, current]),
      [
        [9, 8, true],
        [8, undefined, false],
      ],
    );
  });

  describe("in place", () => {
    interface Seen {
      metadata: { name: string; uid: string };
      spec: { nodeName: string; readinessGates?: unknown[]; containers: { image: string }[] };
      status: { podIP: string; conditions: { type: string; status: string }[] };
    }

    async function pods(): Promise<Seen[]> {
      const get = ["get", "pods", "-n", "e2e", "-l", "jdos.io/application=tried", "-o", "json"];
      const { items } = JSON.parse((await platform.kubectl(get)).stdout) as { items: Seen[] };
      return items.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
    }

    /** What stays when the image changes. */
    const identities = async (): Promise<string[]> =>
      (await pods()).map(({ metadata, spec, status }) =>
        [metadata.name, metadata.uid, spec.nodeName, status.podIP].join(" "),
      );

    async function killControllers(): Promise<void> {
      if (platform instanceof MachinePlatform) {
        process.kill(await platform.pid(), "SIGKILL");
        const { exitCode, stderr } = await platform.up();
        assert.equal(exitCode, 0, stderr);
        return;
      }
      const which = ["-n", "jdos-system", "-l", "app.kubernetes.io/name=platform-controllers"];
      await platform.kubectl(["delete", "pod", ...which, "--force", "--grace-period=0"]);
    }

    it("the strategy itself makes each Pod anew once", async () => {
      const result = await during(async () => {
        await configure({ strategy: "InPlace", progressDeadlineSeconds: 120 });
        await eventually(async () => {
          const seen = await pods();
          const isReady = ({ status }: Seen) =>
            status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True");
          assert.ok(seen.length === 2 && seen.every(({ spec }) => spec.readinessGates?.length === 1));
          assert.ok(seen.every(isReady));
        });
      });
      assert.deepEqual(result.failures, {});
    });

    it("the Pods that are there get the new image, and no request is dropped", async () => {
      const { release } = await status();
      const words = (await platform.ask("tried")).body.split(",")[0] ?? "";
      const [before, images] = [
        await identities(),
        (await pods()).map(({ spec }) => spec.containers[0]?.image),
      ];
      const result = await during(async () => {
        const { exitCode, text } = await deploy("Placed", "--strategy", "in-place");
        assert.equal(exitCode, 0, text);
      });
      assert.deepEqual(result.failures, {});
      assert.deepEqual([...result.bodies.keys()].sort(), ["Placed", words].sort());
      assert.deepEqual(await identities(), before);
      assert.ok((await pods()).every(({ spec }) => !images.includes(spec.containers[0]?.image)));
      assert.match((await platform.ask("tried")).body, /^Placed/);
      assert.deepEqual(
        (await status()).rollout?.message,
        `Release v${release + 1} took the place of v${release}`,
        "jdos canary status tells of it",
      );
    });

    it("kill -9 in the middle: it goes on from where it was", async () => {
      const before = await identities();
      const result = await during(async () => {
        const deploying = deploy("Survived");
        await until(({ rollout }) => rollout?.phase === "Progressing" && rollout.weight === 50);
        await killControllers();
        const { exitCode, text } = await deploying;
        assert.equal(exitCode, 0, text);
      });
      assert.deepEqual(result.failures, {});
      assert.deepEqual(await identities(), before);
      assert.match((await platform.ask("tried")).body, /^Survived/);
    });

    it("an image that crashes is taken back by itself, in the Pod that had it", async () => {
      const [before, { release }] = [await identities(), await status()];
      const left = new RegExp(`^Release ${release + 2} runs .*for v${release + 1} was left`);
      const result = await during(async () => {
        const source = new Source("hello-node").replace(
          "server.js",
          "createServer(",
          "process.exit(3); createServer(",
        );
        try {
          const { exitCode } = await platform.jdos("deploy", source.path, ...APP);
          assert.equal(exitCode, 1);
        } finally {
          source.remove();
        }
        await eventually(async () => assert.match(await platform.say("why", ...APP), left));
      });
      assert.deepEqual(result.failures, {});
      assert.deepEqual(await identities(), before);
      assert.match((await platform.ask("tried")).body, /^Survived/);
    });

    it("what changes more than the image goes to new Pods, and says so", async () => {
      const [before, { release: old }] = [await identities(), await status()];
      await platform.say("env", "set", "GREETING=Changed", ...APP);
      const said = /is rolled out to new Pods, not in place: more than the image differs \(env\)/;
      await eventually(async () => assert.match(await platform.say("events", ...APP), said));
      await until(({ release, rollout }) => release > old && rollout?.phase === "Complete");
      await eventually(async () => {
        const now = await identities();
        assert.ok(
          now.every((identity) => !before.includes(identity)),
          JSON.stringify([before, now]),
        );
      });
    });
  });
});
