import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import {
  ABORT_ANNOTATION,
  type Application,
  Applications,
  Deployments,
  Events,
  Ingresses,
  imageChangeOf,
  type Pod,
  Pods,
  RELEASE_LABEL,
  ReplicaSets,
  ROUTED_TO_ANNOTATION,
  SERVING_GATE,
} from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { FakeClock } from "@jdos/component-base/testing";
import { startTestPlatform, type TestPlatform } from "../../testing/index.ts";
import { isReady, simulateWorkloads } from "../../testing/simulated-workloads.ts";
import { ENOUGH_FAULTS, WriteFaults } from "../../testing/write-faults.ts";

const image = (letter: string): string => `registry.jdos.internal/demo/app@sha256:${letter.repeat(64)}`;
const [FIRST, NEXT, THIRD, CRASHES, MISSING] = [image("a"), image("b"), image("c"), image("e"), image("f")];
const key = (name: string) => ({ namespace: "demo", name });

const clock = new FakeClock(new Date());
const simulation = new AbortController();
/** Of each application: the fewest Pods that were ready at once, and what was wrong. */
const fewest = new Map<string, number>();
const wrongs: string[] = [];
let platform: TestPlatform;
let client: Client;
let hurry: NodeJS.Timeout;
/** The controllers' writes fail that often, half of them after they were done. */
const faults = new WriteFaults();
let simulated: Promise<void>;

before(async () => {
  hurry = setInterval(() => clock.advance(100), 5);
  platform = await startTestPlatform({ clock, through: (real) => faults.of(real) });
  client = platform.client;
  await platform.createSystem("demo");
  simulated = simulateWorkloads({
    client,
    namespace: "demo",
    now: () => clock.now(),
    trouble: (name) => (name === CRASHES ? "crashes" : name === MISSING ? "missing" : undefined),
    tells: (application) => application !== "silent",
    signal: simulation.signal,
  });
  void guard();
});

after(async () => {
  clearInterval(hurry);
  simulation.abort();
  await simulated;
  await platform.stop();
  assert.deepEqual(wrongs, []);
});

/** Looks at each state of each Pod: what must never be. */
async function guard(): Promise<void> {
  const pods = new Map<string, Stored<Pod>>();
  for await (const event of await client.watch(Pods, { namespace: "demo", signal: simulation.signal })) {
    if (event.type === "BOOKMARK") continue;
    const { object: pod, type } = event;
    const { uid, name } = pod.metadata;
    const known = pods.get(uid);
    if (type === "DELETED") pods.delete(uid);
    else pods.set(uid, pod);
    const app = pod.metadata.labels?.["jdos.io/application"] ?? "";
    const ready = [...pods.values()].filter(
      (one) => one.metadata.labels?.["jdos.io/application"] === app && isReady(one),
    );
    if (fewest.has(app)) fewest.set(app, Math.min(fewest.get(app) ?? 0, ready.length));
    const container = pod.status?.containerStatuses?.[0];
    if (known !== undefined && !isOpen(known) && isOpen(pod) && imageChangeOf(pod) !== undefined) {
      if (container?.image !== pod.spec?.containers[0]?.image) wrongs.push(`${name} opened too early`);
    }
    const imageBefore = known?.spec?.containers[0]?.image;
    if (
      known !== undefined &&
      imageBefore !== pod.spec?.containers[0]?.image &&
      isReady(pod) &&
      ready.length > 1
    )
      wrongs.push(`${name} was changed while it was ready`);
  }
}

function isOpen({ status }: Stored<Pod>): boolean {
  return findCondition(status?.conditions, SERVING_GATE)?.status === "True";
}

const patch = (name: string, body: object) => client.patch(Applications, key(name), { type: "merge", body });
const deploy = (name: string, reference: string, more: object = {}) =>
  patch(name, { spec: { source: { image: { reference } }, ...more } });
const until = (name: string, done: (application: Stored<Application>) => boolean) =>
  platform.until(Applications, key(name), done);
const serves = (number: number) => (application: Stored<Application>) =>
  application.status?.currentRelease === number && application.spec.release === number;
const setsOf = async (name: string) =>
  (await client.list(ReplicaSets, { namespace: "demo", labelSelector: `jdos.io/application=${name}` })).items;
const podsOf = async (name: string) =>
  (await client.list(Pods, { namespace: "demo", labelSelector: `jdos.io/application=${name}` })).items;
const uidsOf = async (name: string) => (await podsOf(name)).map(({ metadata }) => metadata.uid).sort();

/** An application that serves release 1; what is watched of it begins now. */
async function serving(name: string, replicas = 1): Promise<string[]> {
  const rollout = { strategy: "InPlace" } as const;
  await platform.createApplication(name, { source: { image: { reference: FIRST } }, rollout, replicas });
  await until(name, serves(1));
  fewest.set(name, replicas);
  return uidsOf(name);
}

async function assertRuns(
  name: string,
  { uids, image: wanted, release }: { uids: string[]; image: string; release: number },
) {
  const pods = await podsOf(name);
  assert.deepEqual(pods.map(({ metadata }) => metadata.uid).sort(), uids);
  for (const { spec, metadata, status } of pods) {
    assert.equal(spec?.containers[0]?.image, wanted);
    assert.equal(status?.containerStatuses?.[0]?.image, wanted);
    assert.equal(metadata.labels?.[RELEASE_LABEL], String(release));
  }
  const { spec } = await client.get(Deployments, key(name));
  assert.equal(spec?.paused ?? false, false);
}

test("Pod after Pod gets the new image and stays the Pod it is; there is one ReplicaSet, and one Pod out at a time", async () => {
  const uids = await serving("steady", 3);
  await deploy("steady", NEXT);
  const going = await until(
    "steady",
    ({ status }) => (status?.rollout?.weight ?? 0) > 0 && status?.rollout?.release === 2,
  );
  assert.deepEqual(going.status?.rollout?.strategy, "InPlace");
  assert.match(
    going.status?.conditions?.find(({ type }) => type === "Progressing")?.message ?? "",
    /^Release v2 takes over in the Pods that are there: \d of 3 serve it$/,
  );
  const done = await until("steady", serves(2));
  await assertRuns("steady", { uids, image: NEXT, release: 2 });
  assert.equal(fewest.get("steady"), 2);
  assert.equal((await setsOf("steady")).length, 1);
  assert.equal(done.status?.updatedReplicas, 3);
  const complete = await until("steady", ({ status }) => status?.rollout?.phase === "Complete");
  assert.equal(complete.status?.rollout?.message, "Release v2 took the place of v1");
});

test("after the first Pod a quarter of them is changed at once", async () => {
  const uids = await serving("many", 8);
  await deploy("many", NEXT);
  await until("many", serves(2));
  await assertRuns("many", { uids, image: NEXT, release: 2 });
  assert.equal(fewest.get("many"), 6);
});

test("a lone Pod serves until its container ends", async () => {
  const uids = await serving("alone");
  await deploy("alone", NEXT);
  await until("alone", serves(2));
  await assertRuns("alone", { uids, image: NEXT, release: 2 });
});

test("where no load balancer tells what it does, time does", async () => {
  const uids = await serving("silent", 2);
  await deploy("silent", NEXT);
  await until("silent", serves(2));
  await assertRuns("silent", { uids, image: NEXT, release: 2 });
  assert.equal(fewest.get("silent"), 1);
  assert.equal(
    (await client.get(Ingresses, key("silent"))).metadata.annotations?.[ROUTED_TO_ANNOTATION],
    undefined,
  );
});

test("what differs in more than its image is rolled out to new Pods, and says so", async () => {
  const uids = await serving("more", 2);
  await deploy("more", NEXT, { run: { env: [{ name: "MODE", value: "new" }] } });
  const going = await until(
    "more",
    ({ status }) => status?.rollout?.release === 2 && status.rollout.strategy === "Rolling",
  );
  const said = "Release v2 is rolled out to new Pods, not in place: more than the image differs (env)";
  assert.equal(going.status?.rollout?.message, said);
  await until("more", serves(2));
  assert.ok((await uidsOf("more")).every((uid) => !uids.includes(uid)));
  const { items } = await client.list(Events, { namespace: "demo" });
  assert.ok(items.some(({ message, involvedObject }) => involvedObject.name === "more" && message === said));
  const now = await uidsOf("more");
  await deploy("more", THIRD);
  await until("more", serves(3));
  await assertRuns("more", { uids: now, image: THIRD, release: 3 });
});

test("changing to the strategy and from it makes each Pod anew once; the next release goes in place", async () => {
  const rolled = (isGated: boolean) =>
    platform.until(Deployments, key("turned"), ({ spec, status, metadata }) => {
      if ((spec?.template.spec?.readinessGates !== undefined) !== isGated) return false;
      const isSeen = status?.observedGeneration === metadata.generation;
      return (
        isSeen && status?.availableReplicas === 2 && status.replicas === 2 && status.updatedReplicas === 2
      );
    });
  await platform.createApplication("turned", { source: { image: { reference: FIRST } }, replicas: 2 });
  await until("turned", serves(1));
  const ungated = await uidsOf("turned");
  await patch("turned", { spec: { rollout: { strategy: "InPlace" } } });
  await rolled(true);
  const gated = await uidsOf("turned");
  assert.ok(gated.every((uid) => !ungated.includes(uid)));
  await deploy("turned", NEXT);
  await until("turned", serves(2));
  await assertRuns("turned", { uids: gated, image: NEXT, release: 2 });
  await patch("turned", { spec: { rollout: { strategy: "Rolling" } } });
  await rolled(false);
  assert.ok((await uidsOf("turned")).every((uid) => !gated.includes(uid)));
});

test("a Release that crashes is left in place: its one Pod gets the image before, the others never lost it", async () => {
  const uids = await serving("crashing", 3);
  await deploy("crashing", CRASHES);
  const left = await until("crashing", serves(3));
  await assertRuns("crashing", { uids, image: FIRST, release: 1 });
  assert.equal(fewest.get("crashing"), 2);
  assert.equal((await setsOf("crashing")).length, 1);
  assert.equal(left.status?.rollout?.phase, "Aborted");
  assert.match(
    left.status?.rollout?.message ?? "",
    /^back to v1, for v2 was left: it does not get ready: Pod .* exit code 1/,
  );
  const changes = (await podsOf("crashing")).filter((pod) => imageChangeOf(pod) !== undefined);
  assert.equal(changes.length, 1);
});

test("an image that cannot be had is not waited for until the deadline", async () => {
  const uids = await serving("absent", 2);
  const since = clock.now().getTime();
  await deploy("absent", MISSING);
  await until("absent", serves(3));
  await assertRuns("absent", { uids, image: FIRST, release: 1 });
  assert.ok(clock.now().getTime() - since < 500_000);
});

test("an abort and a deploy in the middle change each Pod that needs it, in place", async () => {
  const uids = await serving("turns", 4);
  await deploy("turns", NEXT);
  await until("turns", ({ status }) => (status?.rollout?.weight ?? 0) > 0);
  await patch("turns", { metadata: { annotations: { [ABORT_ANNOTATION]: "2" } } });
  await until("turns", serves(3));
  await assertRuns("turns", { uids, image: FIRST, release: 1 });
  await deploy("turns", NEXT);
  await until("turns", ({ status }) => (status?.rollout?.weight ?? 0) > 0 && status?.rollout?.release === 4);
  await deploy("turns", THIRD);
  await until("turns", serves(5));
  await assertRuns("turns", { uids, image: THIRD, release: 5 });
  assert.equal(fewest.get("turns"), 3);
  assert.equal((await setsOf("turns")).length, 1);
});

test("what is lost, added and taken away meanwhile comes and goes with the new image", async () => {
  const uids = await serving("scaled", 3);
  await deploy("scaled", NEXT);
  await until("scaled", ({ status }) => (status?.rollout?.weight ?? 0) > 0);
  const [lost] = (await podsOf("scaled")).filter(({ metadata }) => metadata.labels?.[RELEASE_LABEL] === "1");
  await client.delete(Pods, key(lost!.metadata.name), { gracePeriodSeconds: 0 });
  await patch("scaled", { spec: { replicas: 5 } });
  await until("scaled", serves(2));
  const now = await uidsOf("scaled");
  assert.equal(now.length, 5);
  assert.equal(now.filter((uid) => uids.includes(uid)).length, 2);
  await assertRuns("scaled", { uids: now, image: NEXT, release: 2 });
  await deploy("scaled", THIRD);
  await until("scaled", ({ status }) => (status?.rollout?.weight ?? 0) > 0 && status?.rollout?.release === 3);
  await patch("scaled", { spec: { replicas: 2 } });
  await until("scaled", serves(3));
  const fewer = await uidsOf("scaled");
  await assertRuns("scaled", { uids: fewer, image: THIRD, release: 3 });
  assert.ok(fewer.length === 2 && fewer.every((uid) => now.includes(uid)));
});

test("in-place rollouts come to their end whatever write is lost, with the Pods that were there", async () => {
  const names = Array.from({ length: 6 }, (_, index) => `chaos-${index}`);
  const uids = await Promise.all(names.map((name) => serving(name, 3)));
  faults.share = 0.3;
  try {
    await Promise.all(
      names.map(async (name, index) => {
        const isBad = index % 3 === 2;
        await deploy(name, isBad ? CRASHES : NEXT);
        await until(name, serves(isBad ? 3 : 2));
        await assertRuns(name, { uids: uids[index]!, image: isBad ? FIRST : NEXT, release: isBad ? 1 : 2 });
        assert.ok((fewest.get(name) ?? 0) >= 2, `${name}: ${fewest.get(name)} Pods were ready at one time`);
        assert.equal((await setsOf(name)).length, 1);
      }),
    );
    assert.ok(faults.failed >= ENOUGH_FAULTS, `only ${faults.failed} writes were lost`);
  } finally {
    faults.share = 0;
  }
});
