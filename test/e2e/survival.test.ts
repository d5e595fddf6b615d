import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigMaps } from "@jdos/api";
import { load } from "./support/http.ts";
import {
  example,
  hostOf,
  type MachinePlatform,
  startMachine,
  type TestPlatform,
} from "./support/platform.ts";
import { type Ended, eventually } from "./support/process.ts";
import { Source } from "./support/sources.ts";
import { except } from "./support/target.ts";

const APP = ["--system", "e2e", "--app", "lasting"];
const KILLS = 10;
const REQUESTS = 10_000;
const LOOKUPS = 10_000;

interface PodState {
  name: string;
  id: string;
  restarts: number;
}

describe(
  "survival",
  except(
    "kubernetes",
    "jdosd is one machine's; test/kubernetes/node/survival.test.ts kills what a cluster consists of",
  ),
  () => {
    let platform: MachinePlatform;
    before(async () => {
      platform = await startMachine();
      await platform.json("deploy", example("hello-node"), ...APP, "--replicas", "2");
    });
    after(() => platform?.stop());

    const podsOf = async (): Promise<PodState[]> => {
      const { stdout } = await platform.kubectl([
        "get",
        "pods",
        "-n",
        "e2e",
        "-l",
        "jdos.io/application=lasting",
        "-o",
        "json",
      ]);
      const { items } = JSON.parse(stdout) as {
        items: {
          metadata: { name: string };
          status: { containerStatuses: { containerID: string; restartCount: number }[] };
        }[];
      };
      return items.map(({ metadata, status }) => ({
        name: metadata.name,
        id: status.containerStatuses[0]?.containerID ?? "",
        restarts: status.containerStatuses[0]?.restartCount ?? 0,
      }));
    };

    const restart = async (): Promise<void> => {
      const { exitCode, stderr } = await platform.up();
      assert.equal(exitCode, 0, stderr);
    };

    it(`kill -9 of jdosd ${KILLS} times loses nothing that was acknowledged, restarts no container, fails no request and no look-up`, async () => {
      const before = await podsOf();
      const stop = new AbortController();
      const killing = () => !stop.signal.aborted;
      const begun = performance.now();
      const traffic = load({
        ...platform.routes,
        host: hostOf("lasting"),
        requests: REQUESTS,
        more: killing,
        workers: 4,
        perSecond: 150,
      });
      const lookups = new LookUps(platform, before[0]!.name);
      await lookups.start();
      const written = writeObjects(platform, stop.signal);
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          await sleep(Math.random() * 1500);
          process.kill(await platform.pid(), "SIGKILL");
          await restart();
        }
      } finally {
        stop.abort();
      }
      const killed = performance.now();
      await lookups.end();
      const [result, { answered, failed }] = await Promise.all([traffic, lookups.result()]);
      const names = await written;
      assert.deepEqual(result.failures, {});
      assert.ok(
        result.requests >= REQUESTS && begun + result.seconds * 1000 >= killed,
        "requests outlast kills",
      );
      assert.equal(failed, 0);
      assert.ok(answered >= LOOKUPS, `${answered} look-ups were answered`);
      assert.deepEqual(await podsOf(), before);
      assert.ok(names.length > KILLS, `${names.length} objects were acknowledged`);
      const { stdout } = await platform.kubectl(["get", "configmaps", "-n", "e2e", "-o", "name"]);
      const present = new Set(stdout.trim().split("\n"));
      assert.deepEqual(
        names.filter((name) => !present.has(`configmap/${name}`)),
        [],
      );
    });

    it("what a Pod wrote is found once after kill -9 of jdosd and after the Pod is gone", async () => {
      const [{ name } = { name: "" }] = await podsOf();
      const begin = "listening on port 8080";
      assert.match(await platform.say("logs", "--pod", name, ...APP), new RegExp(begin));
      process.kill(await platform.pid(), "SIGKILL");
      await restart();
      await platform.kubectl(["delete", "pod", "-n", "e2e", name]);
      const { exitCode, stderr } = await platform.jdos("logs", "--release", "99", "--since", "1h", ...APP);
      assert.equal(exitCode, 0, stderr);
      await eventually(async () => {
        const { stdout } = await platform.jdos(
          "logs",
          "--since",
          "1h",
          "--grep",
          begin,
          "-o",
          "json",
          ...APP,
        );
        const lines = stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as { pod: string });
        assert.equal(lines.filter(({ pod }) => pod === name).length, 1, stdout);
      });
      assert.match(await platform.say("logs", "--pod", name, ...APP), new RegExp(begin));
    });

    it("kill -9 of jdosd in the middle of a deploy: the deploy finishes", async () => {
      const source = new Source("hello-node").replace(
        "server.js",
        "Hello from JDOS",
        "Deployed through a crash",
      );
      try {
        const deploy = platform.jdos("deploy", source.path, ...APP);
        await eventually(
          async () => assert.ok((await platform.json<unknown[]>("builds", ...APP)).length >= 2),
          20,
        );
        process.kill(await platform.pid(), "SIGKILL");
        await restart();
        const { exitCode, stderr } = await deploy;
        assert.equal(exitCode, 0, stderr);
        assert.match((await platform.ask("lasting")).body, /^Deployed through a crash/);
      } finally {
        source.remove();
      }
    });

    it("kill -9 of jdosd in the middle of a canary: it goes on from where it was, and no request is dropped", async () => {
      const configure = async (rollout: object): Promise<void> => {
        const patch = JSON.stringify({ spec: { rollout } });
        await platform.kubectl([
          "patch",
          "application",
          "lasting",
          "-n",
          "e2e",
          "--type",
          "merge",
          "-p",
          patch,
        ]);
      };
      const steps = [
        { weight: 30, pauseSeconds: 3 },
        { weight: 60, pauseSeconds: 3 },
      ];
      await configure({ strategy: "Canary", canary: { steps } });
      let going = true;
      const more = () => going;
      const under = load({
        ...platform.routes,
        host: hostOf("lasting"),
        requests: 500,
        more,
        perSecond: 100,
      });
      try {
        const changed = platform.jdos("env", "set", "GREETING=Tried", ...APP);
        for (const phase of ["Progressing", "Promoting"]) {
          await eventually(async () => {
            const view = await platform.json<{ rollout?: { phase: string } }>("canary", "status", ...APP);
            assert.equal(view.rollout?.phase, phase);
          });
          process.kill(await platform.pid(), "SIGKILL");
          await restart();
        }
        const { exitCode, stderr } = await changed;
        assert.equal(exitCode, 0, stderr);
      } finally {
        going = false;
      }
      assert.deepEqual((await under).failures, {});
      assert.match((await platform.ask("lasting")).body, /^Tried/);
      await configure({ strategy: "Rolling" });
    });

    it("kill -9 of containerd: Pods go on, and the platform works on", async () => {
      // Those of the canary before end.
      const before = await eventually(async () => {
        const pods = await podsOf();
        assert.equal(pods.length, 2);
        return pods;
      });
      const pid = Number(JSON.parse(readFileSync(`${platform.names.runDir}/containerd.pid`, "utf8")).pid);
      assert.ok(pid > 1);
      const traffic = load({
        ...platform.routes,
        host: hostOf("lasting"),
        requests: 1500,
        workers: 4,
        perSecond: 300,
      });
      process.kill(pid, "SIGKILL");
      assert.deepEqual((await traffic).failures, {});
      await eventually(async () => assert.deepEqual(await podsOf(), before));
      await eventually(async () => platform.say("scale", "--replicas", "3", ...APP));
      assert.deepEqual(
        (await podsOf()).filter(({ name }) => before.some((pod) => pod.name === name)),
        before,
      );
    });
  },
);

/** Looks a Service up again and again from inside a Pod, from start() to end(), and counts what fails. */
class LookUps {
  static readonly #SCRIPT = `
    const { Resolver } = require("node:dns").promises;
    const resolver = new Resolver({ timeout: 2000, tries: 3 });
    (async () => {
      let answered = 0, failed = 0;
      const begin = Date.now();
      const isEnough = () => require("node:fs").existsSync("/tmp/enough");
      for (let n = 0; n < ${LOOKUPS} || (n < ${LOOKUPS * 10} && !isEnough()); n += 20) {
        const wait = begin + n * 6.5 - Date.now();
        if (wait > 0) await new Promise((done) => setTimeout(done, wait));
        await Promise.all(Array.from({ length: 20 }, () => resolver.resolve4("lasting.e2e.svc.cluster.local").then(() => answered++, () => failed++)));
      }
      require("node:fs").writeFileSync("/tmp/lookups.json", JSON.stringify({ answered, failed }));
    })();
  `;
  readonly #platform: TestPlatform;
  readonly #pod: string;

  constructor(platform: TestPlatform, pod: string) {
    this.#platform = platform;
    this.#pod = pod;
  }

  /** The process is the container's own, so that it does not depend on who asked for it. */
  async start(): Promise<void> {
    const background =
      'rm -f /tmp/lookups.json /tmp/enough; node -e "$1" >/tmp/lookups.log 2>&1 </dev/null & echo started';
    const { stdout, stderr } = await this.#exec("sh", "-c", background, "sh", LookUps.#SCRIPT);
    assert.equal(stdout, "started\n", stderr);
  }

  async end(): Promise<void> {
    const { exitCode, stderr } = await this.#exec("touch", "/tmp/enough");
    assert.equal(exitCode, 0, stderr);
  }

  result(): Promise<{ answered: number; failed: number }> {
    return eventually(async () => {
      const { stdout } = await this.#exec("cat", "/tmp/lookups.json");
      return JSON.parse(stdout) as { answered: number; failed: number };
    });
  }

  #exec(...command: string[]): Promise<Ended> {
    return this.#platform.kubectl(["exec", "-n", "e2e", this.#pod, "--", ...command]);
  }
}

/** Creates objects one after another and returns the names of those whose creation was acknowledged. */
async function writeObjects(platform: TestPlatform, signal: AbortSignal): Promise<string[]> {
  const client = await platform.client();
  const names: string[] = [];
  for (let number = 0; !signal.aborted && number < 10_000; number++) {
    const name = `written-${number}`;
    const configMap = { metadata: { namespace: "e2e", name }, data: { number: String(number) } };
    const write = client.create(ConfigMaps, configMap, { signal: AbortSignal.timeout(5000) });
    await write.then(
      () => names.push(name),
      () => {},
    );
    await sleep(100);
  }
  await client.close();
  return names;
}
