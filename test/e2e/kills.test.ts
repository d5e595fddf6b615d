import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Build, Release } from "@jdos/api";
import { isBuildEnded } from "@jdos/api";
import { type MachinePlatform, startMachine } from "./support/platform.ts";
import { eventually, runProgram } from "./support/process.ts";
import { Clone } from "./support/push.ts";
import { Source } from "./support/sources.ts";
import { except } from "./support/target.ts";
import { killPart, type Victim } from "./support/victims.ts";

const KILLS = Number(process.env.JDOS_E2E_KILLS ?? 4);
const SEED = Number(process.env.JDOS_E2E_SEED ?? Date.now() % 100_000);
const VICTIMS: readonly Victim[] = ["builder", "registry", "jdosd", "git server"];
const MOST_SECONDS = 2;
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** The same numbers for the same seed. Source: Marsaglia, Xorshift RNGs. */
function random(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

describe(
  "kills while there are builds",
  except(
    "kubernetes",
    "parts of one machine; test/kubernetes/node/survival.test.ts kills those of a cluster",
  ),
  () => {
    let platform: MachinePlatform;
    let sent: Source;
    let clone: Clone;
    before(async () => {
      platform = await startMachine();
      sent = new Source("hello-node");
      await platform.json("deploy", sent.path, "--system", "e2e", "--app", "sent");
      for (const name of ["sent", "pushed"]) {
        if (name === "pushed") await platform.say("app", "create", name, "--system", "e2e");
        const patch = JSON.stringify({ spec: { historyLimit: 50 } });
        await platform.kubectl(["patch", "application", name, "-n", "e2e", "--type", "merge", "-p", patch]);
      }
      clone = await Clone.create(platform, { example: "hello-node", app: "pushed" });
      const { exitCode, stderr } = await clone.push();
      assert.equal(exitCode, 0, stderr);
    });
    after(async () => {
      sent?.remove();
      clone?.source.remove();
      await platform?.stop();
    });

    const items = async <T>(kind: string): Promise<T[]> => {
      const { exitCode, stdout, stderr } = await platform.kubectl(["get", kind, "-n", "e2e", "-o", "json"]);
      assert.equal(exitCode, 0, stderr);
      return (JSON.parse(stdout) as { items: T[] }).items;
    };

    it(`kill -9 of builder, registry, jdosd and git server ${KILLS} times: each build ends once, each release is whole`, async () => {
      // Shown when the test fails: JDOS_E2E_SEED repeats it.
      console.log(`JDOS_E2E_SEED=${SEED}`);
      const next = random(SEED);
      let going = true;
      let changes = 0;
      const change = (source: Source) => source.write("change.txt", `${++changes}\n`);
      // What is refused or broken off while its part is away is sent again with the next change.
      const deploys = (async () => {
        while (going) {
          change(sent);
          await platform.jdos("deploy", sent.path, "--system", "e2e", "--app", "sent");
        }
      })();
      const pushes = (async () => {
        while (going) {
          change(clone.source);
          await clone.commit();
          await clone.push();
        }
      })();
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          await sleep(next() * MOST_SECONDS * 1000);
          const victim = VICTIMS[kill % VICTIMS.length]!;
          // A builder is there for a moment only.
          await eventually(async () => assert.ok((await killPart(platform, victim)) > 0, victim));
          if (victim !== "jdosd") continue;
          const { exitCode, stderr } = await platform.up();
          assert.equal(exitCode, 0, stderr);
        }
      } finally {
        going = false;
        await Promise.all([deploys, pushes]);
      }
      const builds = await eventually(async () => {
        const all = await items<Build>("builds");
        assert.deepEqual(
          all.filter((build) => !isBuildEnded(build)).map(({ metadata, status }) => [metadata?.name, status]),
          [],
        );
        return all;
      });
      const releases = await eventually(async () => {
        const all = await items<Release>("releases");
        assert.deepEqual(builtBy(all), succeeded(builds));
        return all;
      });
      assert.ok(builds.length > 2, `${builds.length} builds`);
      for (const { spec } of releases) await assertWhole(platform, spec.image);
    });

    it("afterwards nothing of the builds runs, repositories are sound, and both applications deploy", async () => {
      await eventually(async () => {
        const { stdout } = await platform.kubectl([
          ...["get", "pods", "-n", "e2e", "-l", "jdos.io/build", "-o", "name"],
          "--field-selector=status.phase!=Succeeded,status.phase!=Failed",
        ]);
        assert.equal(stdout, "");
      });
      const repositories = readdirSync(join(platform.dataDir, "git"), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".git"))
        .map((path) => join(platform.dataDir, "git", path));
      assert.ok(repositories.length > 0);
      for (const path of repositories) {
        const fsck = ["-c", "safe.directory=*", "-C", path, "fsck", "--no-dangling", "--connectivity-only"];
        const { exitCode, stderr } = await runProgram("git", fsck);
        assert.equal(exitCode, 0, stderr);
      }
      const words = `After ${KILLS} kills`;
      sent.replace("server.js", "Hello from JDOS", words);
      await platform.json("deploy", sent.path, "--system", "e2e", "--app", "sent");
      assert.match((await platform.ask("sent")).body, new RegExp(`^${words}`));
      clone.source.replace("server.js", "Hello from JDOS", words);
      await clone.commit();
      const { exitCode, stderr } = await clone.push();
      assert.equal(exitCode, 0, stderr);
      assert.match((await platform.ask("pushed")).body, new RegExp(`^${words}`));
    });
  },
);

const succeeded = (builds: readonly Build[]): (string | undefined)[] =>
  builds
    .filter(({ status }) => status?.phase === "Succeeded")
    .map(({ metadata }) => metadata?.name)
    .sort();

const builtBy = (releases: readonly Release[]): (string | undefined)[] =>
  releases.flatMap(({ spec }) => spec.build ?? []).sort();

/** The registry has the image and all of its layers. */
async function assertWhole(platform: MachinePlatform, image: string): Promise<void> {
  const { ports } = platform.names;
  const [repository = "", digest = ""] = image.slice(image.indexOf("/") + 1).split("@");
  const query = new URLSearchParams({
    service: "registry.jdos.internal",
    scope: `repository:${repository}:pull`,
  });
  const basic = Buffer.from(`admin:${await platform.token()}`).toString("base64");
  const asked = await fetch(`http://127.0.0.1:${ports.platform}/registry/token?${query}`, {
    headers: { authorization: `Basic ${basic}` },
  });
  const { token } = (await asked.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}`, accept: MANIFEST };
  const root = `http://127.0.0.1:${ports.registry}/v2/${repository}`;
  const found = await fetch(`${root}/manifests/${digest}`, { headers });
  assert.equal(found.status, 200, image);
  const { config, layers } = (await found.json()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  for (const blob of [config, ...layers]) {
    const head = await fetch(`${root}/blobs/${blob.digest}`, { method: "HEAD", headers });
    assert.equal(head.status, 200, `${image}: ${blob.digest}`);
  }
}
