import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { type Deployment, Deployments, Jobs, Namespaces, type Pod, Pods, ReplicaSets } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client, Stored } from "@jdos/client";
import { silentLogger } from "@jdos/component-base/testing";
import { start } from "./start.ts";
import { startFakeKubelet } from "./testing/index.ts";

const namespace = "demo";
const REPLICAS = 8;

/** A client whose calls begin to fail after so many, as if the process had died there; some have been done all the same. */
function dyingAfter(client: Client, calls: number, died: () => void): Client {
  let left = calls;
  const writes = new Set(["create", "update", "patch", "delete", "deleteCollection", "createSubresource"]);
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        const dead = writes.has(String(name)) && left-- <= 0;
        if (dead) died();
        if (dead && left % 2 === 0) throw new Error("died before the call");
        const answer: unknown = await Reflect.apply(member, target, args);
        if (dead) throw new Error("died after the call");
        return answer;
      };
    },
  });
}

describe("controller-manager", () => {
  const cleanups: (() => Promise<void>)[] = [];
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it("finishes a rollout and a Job, with nothing left over, when it dies every few writes", async () => {
    const server = await startTestServer();
    cleanups.push(() => server.stop());
    const admin = server.adminClient();
    await admin.create(Namespaces, { metadata: { name: namespace } });
    const kubelet = await startFakeKubelet({ client: admin, becomesReady: () => true });
    cleanups.push(() => kubelet.stop());
    const finishing = finishJobPods(admin);
    cleanups.push(() => finishing.stop());
    const labels = { app: "web" };
    const template = (image: string) => ({
      metadata: { labels },
      spec: { containers: [{ name: "c", image }] },
    });
    const spec = { replicas: REPLICAS, selector: { matchLabels: labels }, template: template("v1") };
    await admin.create(Deployments, { metadata: { namespace, name: "web" }, spec });
    const job = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "job" }] } };
    await admin.create(Jobs, {
      metadata: { namespace, name: "job" },
      spec: { completions: 6, parallelism: 3, template: job },
    });

    const identity = { name: "system:kube-controller-manager" };
    let lives = 0;
    let deaths = 0;
    for (const image of ["v1", "v2", "v3"]) {
      await admin.patch(
        Deployments,
        { namespace, name: "web" },
        { type: "merge", body: { spec: { template: template(image) } } },
      );
      const until = Date.now() + 20_000;
      while (!(await isRolledOut(admin, image))) {
        assert.ok(Date.now() < until, `not rolled out to ${image} after ${lives} lives`);
        const client = dyingAfter(server.clientFor(identity), 2 + (lives++ % 5), () => deaths++);
        const running = await start({ client, log: silentLogger() });
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        await running.stop();
      }
    }
    assert.ok(deaths > 0, "nothing was interrupted");

    const last = await start({ client: server.clientFor(identity), log: silentLogger() });
    cleanups.push(() => last.stop());
    const finished = await waitFor(async () => {
      const found = await admin.get(Jobs, { namespace, name: "job" });
      return found.status?.conditions?.some(({ type, status }) => type === "Complete" && status === "True")
        ? found
        : undefined;
    });
    assert.equal(finished.status?.succeeded, 6);
    const pods = await waitFor(async () => {
      const { items } = await admin.list(Pods, { namespace, labelSelector: "app=web" });
      return items.length === REPLICAS ? items : undefined;
    });
    assert.ok(pods.every((pod) => imageOf(pod) === "v3"));
    const { items: sets } = await admin.list(ReplicaSets, { namespace });
    assert.equal(sets.length, 3);
  });
});

function imageOf(pod: Stored<Pod>): string | undefined {
  return pod.spec?.containers[0]?.image;
}

async function isRolledOut(client: Client, image: string): Promise<boolean> {
  const found = (await client.get(Deployments, { namespace, name: "web" })) as Stored<Deployment>;
  const { items } = await client.list(Pods, { namespace, labelSelector: "app=web" });
  const alive = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const { status, metadata } = found;
  return (
    status?.observedGeneration === metadata.generation &&
    status?.updatedReplicas === REPLICAS &&
    status.availableReplicas === REPLICAS &&
    status.replicas === REPLICAS &&
    alive.length === REPLICAS &&
    alive.every((pod) => imageOf(pod) === image)
  );
}

async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T> {
  const until = Date.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error("Cannot wait any longer: not as expected in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ends the Pods of Jobs well, as their programs would. */
function finishJobPods(client: Client): { stop(): Promise<void> } {
  const abort = new AbortController();
  const done = (async () => {
    const selection = { namespace, labelSelector: "batch.kubernetes.io/job-name", signal: abort.signal };
    for await (const event of await client.watch(Pods, selection)) {
      if (event.type === "BOOKMARK" || event.type === "DELETED" || event.object.status?.phase !== "Running")
        continue;
      const body = { status: { phase: "Succeeded" } };
      await client.patch(
        Pods,
        { namespace, name: event.object.metadata.name },
        { type: "merge", body },
        { subresource: "status" },
      );
    }
  })();
  return {
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}
