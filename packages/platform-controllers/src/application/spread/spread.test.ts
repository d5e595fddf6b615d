import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import {
  APPLICATION_LABEL,
  type Application,
  Applications,
  Deployments,
  Events,
  type Node,
  Nodes,
  Pods,
  ResourceQuotas,
  SPREAD_LABEL,
} from "@jdos/api";
import { controllerOf, findCondition } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { eventually, FakeClock } from "@jdos/component-base/testing";
import { startTestPlatform, type TestPlatform } from "../../testing/index.ts";
import { simulateWorkloads } from "../../testing/simulated-workloads.ts";
import { ENOUGH_FAULTS, WriteFaults } from "../../testing/write-faults.ts";

const image = (letter: string): string => `registry.jdos.internal/demo/app@sha256:${letter.repeat(64)}`;
const [FIRST, NEXT, THIRD] = [image("a"), image("b"), image("c")];
/** The nodes name the first; node n2 cannot pull the second, and does not come to an end with the third. */
const [KNOWN, ABSENT, SLOW] = [image("d"), image("e"), image("f")];
const PARALLEL = 2;
const TIMEOUT_SECONDS = 600;
/** Those that Pods may go to. They name one image alone, as a node with more than 50 names few of them. */
const OPEN = ["n1", "n2", "n3", "n4", "n5", "n6"];

const clock = new FakeClock(new Date());
const simulation = new AbortController();
let platform: TestPlatform;
let client: Client;
let hurry: NodeJS.Timeout;
let simulated: Promise<void>;
/** The controllers' writes fail that often, half of them after they were done. */
const faults = new WriteFaults();
/** Of each application: what happened, in its order: "pull n1", "own a x8", "beside b x1". */
const journal = new Map<string, string[]>();
/** Of each application: the most Pods that were there at once for pulling. */
const most = new Map<string, number>();

before(async () => {
  hurry = setInterval(() => clock.advance(100), 5);
  const spread = { parallel: PARALLEL, timeoutSeconds: TIMEOUT_SECONDS };
  platform = await startTestPlatform({ clock, spread, through: (real) => faults.of(real) });
  client = platform.client;
  for (const name of OPEN) await addNode(name);
  await addNode("cordoned", { spec: { unschedulable: true } });
  await addNode("tainted", { spec: { taints: [{ key: "pool", value: "builds", effect: "NoSchedule" }] } });
  await addNode("away", { ready: "Unknown" });
  await platform.createSystem("demo");
  simulated = simulateWorkloads({
    ...{ client, namespace: "demo", now: () => clock.now(), signal: simulation.signal },
    trouble: (name, node) =>
      node !== "n2" ? undefined : name === ABSENT ? "missing" : name === SLOW ? "hangs" : undefined,
  });
  void keepJournal();
});

after(async () => {
  clearInterval(hurry);
  simulation.abort();
  await simulated;
  await platform.stop();
});

async function addNode(
  name: string,
  { spec = {}, ready = "True" }: { spec?: Node["spec"]; ready?: "True" | "Unknown" } = {},
): Promise<void> {
  await client.create(Nodes, { metadata: { name }, spec });
  const images = [{ names: [KNOWN], sizeBytes: 1 }];
  const status = { conditions: [{ type: "Ready", status: ready }], images };
  await client.patch(Nodes, { name }, { type: "merge", body: { status } }, { subresource: "status" });
}

function keepJournal(): Promise<unknown> {
  const { signal } = simulation;
  const note = (app: string, what: string) => {
    const notes = journal.get(app) ?? [];
    journal.set(app, notes);
    if (notes.at(-1) !== what) notes.push(what);
  };
  const deployments = async () => {
    for await (const event of await client.watch(Deployments, { namespace: "demo", signal })) {
      if (event.type === "BOOKMARK" || event.type === "DELETED") continue;
      const { metadata, spec } = event.object;
      const [app = "", beside] = metadata.name.split("-");
      const letter = spec?.template.spec?.containers[0]?.image?.at(-1);
      note(app, `${beside === undefined ? "own" : "beside"} ${letter} x${spec?.replicas}`);
    }
  };
  const pulls = async () => {
    const alive = new Map<string, string>();
    const selection = { namespace: "demo", labelSelector: SPREAD_LABEL, signal };
    for await (const event of await client.watch(Pods, selection)) {
      if (event.type === "BOOKMARK") continue;
      const { metadata, spec } = event.object;
      const app = metadata.labels?.[SPREAD_LABEL] ?? "";
      if (event.type === "DELETED") alive.delete(metadata.name);
      else alive.set(metadata.name, app);
      if (event.type === "ADDED") note(app, `pull ${spec?.nodeName}`);
      const count = [...alive.values()].filter((one) => one === app).length;
      most.set(app, Math.max(most.get(app) ?? 0, count));
    }
  };
  return Promise.all([deployments(), pulls()]).catch((error: Error) => {
    if (!signal.aborted) throw error;
  });
}

const deploy = (name: string, reference: string, replicas: number, more: Partial<Application["spec"]> = {}) =>
  platform.createApplication(name, { source: { image: { reference } }, replicas, ...more });

async function change(name: string, spec: object): Promise<void> {
  await client.patch(Applications, { namespace: "demo", name }, { type: "merge", body: { spec } });
}

/** Resolves when the application runs an image on so many Pods, and every Pod by which nodes pulled is gone. */
async function settled(name: string, reference: string, replicas: number): Promise<void> {
  await platform.until(
    Applications,
    { namespace: "demo", name },
    ({ metadata, status }) =>
      status?.observedGeneration === metadata.generation &&
      findCondition(status?.conditions, "Ready")?.status === "True" &&
      status?.image === reference &&
      status.replicas === replicas &&
      status.spread === undefined,
  );
  await eventually(async () => {
    const { items } = await client.list(Pods, {
      namespace: "demo",
      labelSelector: `${SPREAD_LABEL}=${name}`,
    });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      [],
    );
  });
}

/** What happened since the last look. */
function happened(name: string): string[] {
  const notes = journal.get(name) ?? [];
  return notes.splice(0);
}

const pullsOf = (notes: readonly string[]) => notes.filter((note) => note.startsWith("pull ")).sort();
const allPulls = OPEN.map((name) => `pull ${name}`);

async function said(name: string): Promise<string[]> {
  return eventually(async () => {
    const { items } = await client.list(Events, { namespace: "demo" });
    const found = items
      .filter(({ involvedObject: about }) => about.kind === "Application" && about.name === name)
      .filter(({ reason }) => reason === "SpreadingImage" || reason?.startsWith("Image") === true)
      .map(({ reason, message }) => `${reason}: ${message}`);
    assert.ok(found.some((text) => text.startsWith("Image")));
    return found.sort();
  });
}

test("the first Release begins with one Pod, the others wait until all open nodes have its image, two at a time", async () => {
  await deploy("first", FIRST, 8);
  const during = await platform.until(
    Applications,
    { namespace: "demo", name: "first" },
    ({ status }) => (status?.spread?.nodes?.length ?? 0) > 0,
  );
  assert.equal(findCondition(during.status?.conditions, "Progressing")?.reason, "SpreadingImage");
  assert.match(
    findCondition(during.status?.conditions, "Ready")?.message ?? "",
    /^7 Pods wait until nodes have pulled their image: \d of 6 have$/,
  );
  await settled("first", FIRST, 8);
  const notes = happened("first");
  assert.deepEqual(pullsOf(notes), allPulls);
  assert.deepEqual([notes[0], notes.at(-1)], ["own a x1", "own a x8"]);
  assert.ok((most.get("first") ?? 0) <= PARALLEL, `${most.get("first")} Pods at once`);
  assert.deepEqual(await said("first"), [
    "ImageSpread: Nodes pulled the image: 6 of 6 have",
    "SpreadingImage: 7 Pods wait until nodes have pulled their image: 0 of 6 have",
  ]);
});

test("a Pod by which a node pulls is the application's to delete, and none of its Pods", async () => {
  await deploy("owned", SLOW, 8);
  const pod = await platform.until(Pods, { namespace: "demo", name: await pullName("owned") }, () => true);
  assert.equal(controllerOf(pod)?.kind, "Application");
  assert.equal(controllerOf(pod)?.name, "owned");
  assert.equal(pod.metadata.labels?.[APPLICATION_LABEL], undefined);
  assert.equal(pod.spec?.imagePullSecrets?.[0]?.name, "owned-registry");
  assert.equal(pod.spec?.priorityClassName, "jdos-build");
  assert.deepEqual(pod.spec?.containers[0]?.resources?.requests, { cpu: "0", memory: "0" });
  await change("owned", { replicas: 1 });
  await settled("owned", SLOW, 1);
});

async function pullName(app: string): Promise<string> {
  for (;;) {
    const { items } = await client.list(Pods, { namespace: "demo", labelSelector: `${SPREAD_LABEL}=${app}` });
    if (items[0] !== undefined) return items[0].metadata.name;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a scale-up waits for its image, a small one does not, nor one whose image the nodes name", async () => {
  await deploy("scaled", FIRST, 3);
  await settled("scaled", FIRST, 3);
  assert.deepEqual(happened("scaled"), ["own a x3"]);
  await change("scaled", { replicas: 9 });
  await settled("scaled", FIRST, 9);
  const notes = happened("scaled");
  assert.deepEqual(pullsOf(notes), allPulls);
  assert.equal(notes.at(-1), "own a x9");
  await deploy("known", KNOWN, 9);
  await settled("known", KNOWN, 9);
  assert.deepEqual(happened("known"), ["own d x9"]);
});

test("no more nodes pull than Pods are to come", async () => {
  await deploy("few", FIRST, 5);
  await settled("few", FIRST, 5);
  assert.deepEqual(pullsOf(happened("few")), allPulls.slice(0, 4));
});

test("a new Release is not begun before nodes have its image, by whatever strategy; one that returns begins at once", async () => {
  await deploy("rolled", FIRST, 8);
  await settled("rolled", FIRST, 8);
  happened("rolled");
  await change("rolled", { source: { image: { reference: NEXT } }, replicas: 9 });
  await settled("rolled", NEXT, 9);
  const rolling = happened("rolled");
  assert.deepEqual([pullsOf(rolling), rolling.at(-1)], [allPulls, "own b x9"]);
  assert.equal(rolling.filter((note) => note.startsWith("own")).length, 1, rolling.join());

  const canary = { strategy: "Canary", canary: { steps: [{ weight: 20, pauseSeconds: 1 }] } };
  await change("rolled", { source: { image: { reference: THIRD } }, rollout: canary });
  await settled("rolled", THIRD, 9);
  const tried = happened("rolled");
  assert.deepEqual(pullsOf(tried), allPulls);
  assert.deepEqual(tried.slice(6, 8), ["beside c x2", "own c x9"]);

  await change("rolled", { rollbackTo: 2 });
  await settled("rolled", NEXT, 9);
  assert.deepEqual(pullsOf(happened("rolled")), []);
});

test("a Release that follows another one is not held back longer for it", async () => {
  await deploy("busy", FIRST, 8);
  await settled("busy", FIRST, 8);
  await change("busy", { source: { image: { reference: SLOW } } });
  const first = await platform.until(
    Applications,
    { namespace: "demo", name: "busy" },
    ({ status }) => status?.spread?.image === SLOW,
  );
  await change("busy", { source: { image: { reference: NEXT } } });
  const second = await platform.until(
    Applications,
    { namespace: "demo", name: "busy" },
    ({ status }) => status?.spread?.image === NEXT,
  );
  assert.equal(second.status?.spread?.since, first.status?.spread?.since);
  await settled("busy", NEXT, 8);
});

test("a node that cannot pull is not waited for", async () => {
  await deploy("absent", ABSENT, 8);
  await settled("absent", ABSENT, 8);
  const [end] = await said("absent");
  assert.equal(end, "ImageSpread: Nodes pulled the image: 5 of 6 have, 1 could not");
});

test("a node that takes too long is waited for until the time is over", async () => {
  await deploy("slow", SLOW, 8);
  const waiting = await platform.until(
    Applications,
    { namespace: "demo", name: "slow" },
    ({ status }) => status?.spread?.nodes?.length === 5,
  );
  assert.equal(waiting.status?.replicas, 1);
  clock.advance(TIMEOUT_SECONDS * 1000);
  await settled("slow", SLOW, 8);
  const [end] = await said("slow");
  assert.equal(end, "ImageSpread: Nodes pulled the image: 5 of 6 have, 1 took too long");
});

test("where such Pods are refused, nothing is waited for", async () => {
  const metadata = { name: "no-more", namespace: "demo" };
  const { items } = await client.list(Pods, { namespace: "demo" });
  await client.create(ResourceQuotas, { metadata, spec: { hard: { pods: String(items.length) } } });
  await deploy("refused", FIRST, 8);
  await platform.until(
    Deployments,
    { namespace: "demo", name: "refused" },
    ({ spec }) => spec?.replicas === 8,
  );
  assert.match((await said("refused"))[0] ?? "", /^ImageNotSpread: Nodes cannot pull .*exceeded quota/);
  await client.delete(ResourceQuotas, metadata);
  await settled("refused", FIRST, 8);
});

test("every end is the right one though a third of the writes fail", async () => {
  faults.share = 0.33;
  await deploy("killed", FIRST, 8);
  await settled("killed", FIRST, 8);
  await change("killed", { source: { image: { reference: NEXT } }, replicas: 12 });
  await settled("killed", NEXT, 12);
  faults.share = 0;
  assert.ok(faults.failed >= ENOUGH_FAULTS, `only ${faults.failed} writes failed`);
  assert.ok((most.get("killed") ?? 0) <= PARALLEL, `${most.get("killed")} Pods at once`);
  const notes = happened("killed");
  const grown = notes.indexOf("own a x8");
  assert.deepEqual(
    new Set(notes.slice(0, grown).filter((note) => note.startsWith("pull"))),
    new Set(allPulls),
  );
  const rolled = notes.findIndex((note) => note.startsWith("own b"));
  assert.deepEqual(
    new Set(notes.slice(grown, rolled).filter((note) => note.startsWith("pull"))),
    new Set(allPulls),
  );
});
