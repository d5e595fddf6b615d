import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Job, Jobs, Namespaces, type Pod, Pods } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client, Stored } from "@jdos/client";
import { createLogger, systemClock } from "@jdos/component-base";
import { createManager, type Manager } from "@jdos/controller-runtime";
import { jobController } from "./controller.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let manager: Manager;
let client: Client;
const namespace = "work";

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
  await client.create(Namespaces, { metadata: { name: namespace } });
  manager = createManager({ client, log: createLogger({ name: "job", level: "error" }) });
  manager.add(jobController({ clock: systemClock }));
  await manager.start();
});

after(async () => {
  await manager?.stop();
  await server?.stop();
});

type JobSpec = Partial<NonNullable<Job["spec"]>>;

function createJob(name: string, spec: JobSpec = {}): Promise<Stored<Job>> {
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "app", image: "app:1" }] } };
  return client.create(Jobs, { metadata: { name, namespace }, spec: { template, ...spec } });
}

/** Resolves with the first state of the Job that satisfies `done`. */
async function waitForJob(name: string, done: (job: Stored<Job>) => boolean): Promise<Stored<Job>> {
  const watch = await client.watch(Jobs, { namespace, signal: AbortSignal.timeout(60_000) });
  for await (const event of watch) {
    if (event.type !== "BOOKMARK" && event.object.metadata.name === name && done(event.object))
      return event.object;
  }
  throw new Error(`Job "${name}" did not get there`);
}

async function podsOf(name: string): Promise<readonly Stored<Pod>[]> {
  const { items } = await client.list(Pods, {
    namespace,
    labelSelector: `batch.kubernetes.io/job-name=${name}`,
  });
  return items;
}

async function end(pod: Stored<Pod>, phase: "Succeeded" | "Failed"): Promise<void> {
  const key = { namespace, name: pod.metadata.name };
  await client.patch(Pods, key, { type: "merge", body: { status: { phase } } }, { subresource: "status" });
}

test("jobController() runs Pods until the completions are reached, and counts each once", async () => {
  await createJob("three", { completions: 3, parallelism: 2 });
  for (let done = 0; done < 3; done++) {
    const wanted = Math.min(2, 3 - done);
    await waitForJob("three", ({ status }) => status?.active === wanted && (status.succeeded ?? 0) === done);
    const running = (await podsOf("three")).filter((pod) => pod.status?.phase !== "Succeeded");
    assert.equal(running.length, wanted);
    await end(running[0]!, "Succeeded");
  }
  const job = await waitForJob(
    "three",
    ({ status }) => findCondition(status?.conditions, "Complete")?.status === "True",
  );
  assert.equal(job.status?.succeeded, 3);
  assert.equal(job.status?.active, undefined);
  assert.notEqual(job.status?.completionTime, undefined);
  assert.ok((await podsOf("three")).every((pod) => (pod.metadata.finalizers ?? []).length === 0));
});

test("jobController() fails a Job at its backoff limit", async () => {
  await createJob("doomed", { backoffLimit: 0 });
  await waitForJob("doomed", ({ status }) => status?.active === 1);
  await end((await podsOf("doomed"))[0]!, "Failed");
  const job = await waitForJob(
    "doomed",
    ({ status }) => findCondition(status?.conditions, "Failed")?.status === "True",
  );
  const failed = findCondition(job.status?.conditions, "Failed");
  assert.equal(failed?.reason, "BackoffLimitExceeded");
  assert.equal(failed?.message, "Job has reached the specified backoff limit");
  assert.equal(job.status?.failed, 1);
});

test("jobController() gives each Pod of an Indexed Job an index of its own", async () => {
  await createJob("indexed", { completions: 2, parallelism: 2, completionMode: "Indexed" });
  await waitForJob("indexed", ({ status }) => status?.active === 2);
  const pods = await podsOf("indexed");
  const indexes = pods.map((pod) => pod.metadata.annotations?.["batch.kubernetes.io/job-completion-index"]);
  assert.deepEqual(indexes.sort(), ["0", "1"]);
  for (const pod of pods) await end(pod, "Succeeded");
  const job = await waitForJob(
    "indexed",
    ({ status }) => findCondition(status?.conditions, "Complete") !== undefined,
  );
  assert.equal(job.status?.completedIndexes, "0,1");
});

test("jobController() takes the Pods of a suspended Job away and brings them back", async () => {
  await createJob("paused", { suspend: true });
  await waitForJob(
    "paused",
    ({ status }) => findCondition(status?.conditions, "Suspended")?.status === "True",
  );
  assert.equal((await podsOf("paused")).length, 0);
  await client.patch(
    Jobs,
    { namespace, name: "paused" },
    { type: "merge", body: { spec: { suspend: false } } },
  );
  const job = await waitForJob("paused", ({ status }) => status?.active === 1);
  assert.equal(findCondition(job.status?.conditions, "Suspended")?.status, "False");
});

test("jobController() ends a Job past its deadline and deletes its Pods", async () => {
  await createJob("late", { activeDeadlineSeconds: 1 });
  const job = await waitForJob(
    "late",
    ({ status }) => findCondition(status?.conditions, "Failed")?.status === "True",
  );
  assert.equal(findCondition(job.status?.conditions, "Failed")?.reason, "DeadlineExceeded");
});

test("jobController() deletes a finished Job after its time to live", async () => {
  await createJob("brief", { ttlSecondsAfterFinished: 0 });
  await waitForJob("brief", ({ status }) => status?.active === 1);
  await end((await podsOf("brief"))[0]!, "Succeeded");
  await waitForJob("brief", ({ metadata }) => metadata.deletionTimestamp !== undefined);
});
