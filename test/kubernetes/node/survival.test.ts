/** What is killed in the middle of a deploy: the deploy finishes, nothing happens twice, no request is lost. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Leases, Pods } from "@jdos/api";
import { load } from "../../e2e/support/http.ts";
import { example, hostOf, TestPlatform } from "../../e2e/support/platform.ts";
import { eventually } from "../../e2e/support/process.ts";
import { Source } from "../../e2e/support/sources.ts";
import { type InstalledPlatform, startInstalledPlatform } from "../support/installed-platform.ts";

const APP = ["--system", "e2e", "--app", "lasting"];

interface Numbered {
  number: number;
  phase?: string;
  current?: boolean;
}

interface Victim {
  name: string;
  kill(): Promise<void>;
  /**
   * A kubelet that starts takes Pods with a readiness probe for not ready until it has asked them; on a cluster of one
   * node that is all of them for a moment. Source: kubernetes/kubernetes issue 100277.
   */
  forgetsWhoIsReady?: boolean;
}

describe("a deploy on a cluster", () => {
  let installed: InstalledPlatform;
  let platform: TestPlatform;
  before(async () => {
    installed = await startInstalledPlatform();
    const { target } = installed;
    platform = new TestPlatform({
      ...target,
      administrator: "jdos:admin",
      env: { JDOS_KUBECONFIG: target.kubeconfig },
    });
    await platform.say("system", "create", "e2e");
    await platform.json("deploy", example("hello-node"), ...APP, "--replicas", "2");
  });
  after(() => installed?.stop());

  const victims: readonly Victim[] = [
    { name: "the leader of platform-controllers", kill: () => killLeader("platform-controllers") },
    { name: "kube-apiserver", kill: () => killAndRestart("kube-apiserver") },
    { name: "etcd", kill: () => killAndRestart("etcd") },
    { name: "kube-controller-manager", kill: () => killAndRestart("kube-controller-manager") },
    { name: "the kubelet", kill: () => killAndRestart("node-1/kubelet"), forgetsWhoIsReady: true },
  ];
  for (const [number, { name, kill, forgetsWhoIsReady = false }] of victims.entries()) {
    const requests = forgetsWhoIsReady ? "no request lost but for want of a ready Pod" : "no failed request";
    it(`outlives kill -9 of ${name}: one build, one release, ${requests}`, async () => {
      const text = `Deployed through kill ${number + 1}`;
      const source = new Source("hello-node").replace("server.js", "Hello from JDOS", text);
      const earlier = await state();
      let deploying = true;
      try {
        const traffic = load({
          ...platform.routes,
          host: hostOf("lasting"),
          requests: 500,
          workers: 4,
          perSecond: 100,
          more: () => deploying,
        });
        const deploy = platform.jdos("deploy", source.path, ...APP);
        await eventually(async () => assert.ok((await state()).builds.length > earlier.builds.length));
        await kill();
        await deploy;
        await eventually(async () =>
          assert.match((await platform.ask("lasting")).body, new RegExp(`^${text}`)),
        );
        await eventually(async () =>
          assert.equal((await platform.json<{ state: string }>("app", "get", ...APP)).state, "Ready"),
        );
        deploying = false;
        const { failures } = await traffic;
        if (forgetsWhoIsReady) delete failures["HTTP 503"];
        assert.deepEqual(failures, {});
      } finally {
        deploying = false;
        source.remove();
      }
      const later = await state();
      assert.equal(later.builds.length, earlier.builds.length + 1);
      assert.equal(later.releases.length, earlier.releases.length + 1);
      assert.ok(
        later.builds.every(({ phase }) => phase === "Succeeded"),
        JSON.stringify(later.builds),
      );
      assert.deepEqual(
        later.releases.filter(({ current }) => current).map((one) => one.number),
        [later.releases.length],
      );
    });
  }

  async function state(): Promise<{ builds: Numbered[]; releases: Numbered[] }> {
    return {
      builds: await platform.json<Numbered[]>("builds", ...APP),
      releases: await platform.json<Numbered[]>("releases", ...APP),
    };
  }

  async function killAndRestart(name: string): Promise<void> {
    const program = installed.cluster.program(name);
    await program.kill();
    await sleep(1000);
    await program.start();
  }

  async function killLeader(part: string): Promise<void> {
    const { client } = installed.cluster;
    const key = { namespace: "jdos-system", name: part };
    const holder = (await client.get(Leases, key)).spec?.holderIdentity ?? "";
    const { items } = await client.list(Pods, { namespace: "jdos-system" });
    const leader = items.find(({ metadata }) => holder.includes(metadata.name));
    assert.ok(leader, `no Pod is "${holder}"`);
    const pids = processesOfPod(leader.metadata.uid, `packages/${part}/src/main.ts`);
    assert.ok(pids.length > 0);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await eventually(async () =>
      assert.notEqual((await client.get(Leases, key)).spec?.holderIdentity, holder),
    );
  }
});

/** Processes on this machine that run a program in a Pod. */
function processesOfPod(uid: string, program: string): number[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const inPod = readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(uid);
        return inPod && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program);
      } catch {
        return false;
      }
    })
    .map(Number);
}
