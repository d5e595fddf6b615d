import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import {
  ABORT_ANNOTATION,
  type Application,
  type ApplicationRollout,
  Applications,
  CANARY_TRAFFIC_ANNOTATION,
  CANARY_WEIGHT_ANNOTATION,
  type CanaryTraffic,
  Deployments,
  Events,
  Ingresses,
  Pods,
  PROMOTE_ANNOTATION,
  RELEASE_LABEL,
  Releases,
  Services,
} from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import { FakeClock } from "@jdos/component-base/testing";
import { startTestPlatform, type TestPlatform } from "../../testing/index.ts";
import { ENOUGH_FAULTS, WriteFaults } from "../../testing/write-faults.ts";

const image = (letter: string): string => `registry.jdos.internal/demo/app@sha256:${letter.repeat(64)}`;
const [GOOD, NEXT, BAD] = [image("a"), image("b"), image("f")];
const key = (name: string) => ({ namespace: "demo", name });

const clock = new FakeClock(new Date());
let platform: TestPlatform;
let client: Client;
let hurry: NodeJS.Timeout;
const simulation = new AbortController();
/** What was seen, in its order: "own 1", "beside 2 x1", "weight 10", "to beside", "gone". */
const journal = new Map<string, string[]>();
/** The controllers' writes fail that often, half of them after they were done. */
const faults = new WriteFaults();

before(async () => {
  hurry = setInterval(() => clock.advance(200), 5);
  platform = await startTestPlatform({ clock, through: (real) => faults.of(real) });
  client = platform.client;
  await platform.createSystem("demo");
  void simulateDeployments();
  void keepJournal();
});

after(async () => {
  clearInterval(hurry);
  simulation.abort();
  await platform.stop();
});

/** Deployments get their Pods at once, unless their image is BAD. */
async function simulateDeployments(): Promise<void> {
  for await (const event of await client.watch(Deployments, {
    namespace: "demo",
    signal: simulation.signal,
  })) {
    if (event.type === "DELETED" || event.type === "BOOKMARK") continue;
    const { object } = event;
    const { metadata, spec, status } = object;
    if (status?.observedGeneration === metadata.generation) continue;
    const replicas = spec?.replicas ?? 1;
    const isBad = spec?.template.spec?.containers[0]?.image === BAD;
    await client
      .patch(
        Deployments,
        key(metadata.name),
        {
          type: "merge",
          body: {
            status: {
              observedGeneration: metadata.generation,
              replicas: isBad ? replicas + 1 : replicas,
              updatedReplicas: replicas,
              readyReplicas: replicas,
              availableReplicas: replicas,
            },
          },
        },
        { subresource: "status" },
      )
      .catch(() => {});
  }
}

async function keepJournal(): Promise<void> {
  const say = (name: string, line: string): void => {
    const lines = journal.get(name) ?? [];
    journal.set(name, lines);
    if (!lines.includes(line) || lines.at(-1) !== line) lines.push(line);
  };
  const options = { namespace: "demo", signal: simulation.signal };
  const apps = (name: string): [string, boolean] =>
    name.endsWith("-canary") ? [name.slice(0, -"-canary".length), true] : [name, false];
  const last = new Map<string, string>();
  const change = (name: string, part: string, line: string): void => {
    if (last.get(`${name}/${part}`) === line) return;
    last.set(`${name}/${part}`, line);
    say(name, line);
  };
  void (async () => {
    for await (const event of await client.watch(Deployments, options)) {
      if (event.type === "BOOKMARK") continue;
      const { type, object } = event;
      const [name, beside] = apps(object.metadata.name);
      const release = object.spec?.template.metadata?.labels?.[RELEASE_LABEL];
      if (!beside) change(name, "own", `own ${release}`);
      else
        change(name, "beside", type === "DELETED" ? "gone" : `beside ${release} x${object.spec?.replicas}`);
    }
  })();
  void (async () => {
    for await (const event of await client.watch(Ingresses, options)) {
      if (event.type === "BOOKMARK" || event.type === "DELETED") continue;
      const { object } = event;
      const [name, beside] = apps(object.metadata.name);
      if (beside) change(name, "weight", `weight ${object.metadata.annotations?.[CANARY_WEIGHT_ANNOTATION]}`);
    }
  })();
  for await (const event of await client.watch(Services, options)) {
    if (event.type === "BOOKMARK" || event.type === "DELETED") continue;
    const { object } = event;
    const [name, beside] = apps(object.metadata.name);
    const label = object.spec?.selector?.["jdos.io/application"] ?? "";
    if (!beside) change(name, "service", label.endsWith(".canary") ? "to beside" : "to own");
  }
}

const patch = (name: string, body: object) => client.patch(Applications, key(name), { type: "merge", body });
const deploy = (name: string, reference: string) =>
  patch(name, { spec: { source: { image: { reference } } } });
const serves = (number: number) => (application: Stored<Application>) =>
  application.status?.currentRelease === number && application.spec.release === number;
const phase = (wanted: string, step?: number) => (application: Stored<Application>) =>
  application.status?.rollout?.phase === wanted &&
  (step === undefined || application.status.rollout.step === step);
const until = (name: string, done: (application: Stored<Application>) => boolean) =>
  platform.until(Applications, key(name), done);
const releaseOf = (name: string, number: number) => client.get(Releases, key(`${name}-v${number}`));

/** An application that serves release 1; its journal begins now. */
async function serving(name: string, rollout: ApplicationRollout, replicas = 1): Promise<void> {
  await platform.createApplication(name, { source: { image: { reference: GOOD } }, rollout, replicas });
  await until(name, serves(1));
}

const STEPS = [{ weight: 20, pauseSeconds: 10 }, { weight: 50 }];

test("a canary takes its steps, waits to be promoted, and leaves nothing beside", async () => {
  await serving("whole", { strategy: "Canary", canary: { steps: STEPS } }, 4);
  await deploy("whole", NEXT);
  const paused = await until("whole", phase("Paused", 2));
  assert.equal(paused.status?.currentRelease, 1);
  assert.match(
    paused.status?.rollout?.message ?? "",
    /^Release v2 takes 50 % of the requests, v1 the others; it waits at step 2 of 2 to be promoted/,
  );
  assert.match(paused.status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "", /takes 50 %/);
  assert.equal((await client.get(Services, key("whole"))).spec?.selector?.["jdos.io/application"], "whole");
  assert.equal(
    (await client.get(Services, key("whole-canary"))).spec?.selector?.["jdos.io/application"],
    "whole.canary",
  );
  const { spec } = await client.get(Ingresses, key("whole-canary"));
  assert.equal(spec?.rules?.[0]?.host, "whole.demo.jdos.localhost");
  assert.equal(spec?.rules?.[0]?.http?.paths[0]?.backend.service?.name, "whole-canary");
  await patch("whole", { metadata: { annotations: { [PROMOTE_ANNOTATION]: "2/2" } } });
  await until("whole", phase("Complete"));
  await platform.untilGone(Deployments, key("whole-canary"));
  await platform.untilGone(Services, key("whole-canary"));
  await platform.untilGone(Ingresses, key("whole-canary"));
  const seen = journal.get("whole") ?? [];
  const order = [
    "own 1",
    "beside 2 x1",
    "weight 0",
    "weight 20",
    "beside 2 x2",
    "weight 50",
    "own 2",
    "gone",
  ];
  assert.deepEqual(
    order.map((line) => seen.indexOf(line)),
    order.map((line) => seen.indexOf(line)).sort((a, b) => a - b),
    seen.join(", "),
  );
  assert.ok(seen.lastIndexOf("weight 0") > seen.indexOf("own 2"), seen.join(", "));
  const { phase: end, step, steps } = (await until("whole", serves(2))).status?.rollout ?? {};
  assert.deepEqual([end, step, steps], ["Complete", undefined, undefined]);
});

test("a canary that answers with errors is left: a Release that returns to the stable one, whose Pods stay", async () => {
  await serving("errors", { strategy: "Canary", canary: { steps: [{ weight: 10 }], maxErrorPercent: 5 } });
  await patch("errors", { spec: { source: { image: { reference: NEXT } }, run: { args: ["--worse"] } } });
  await until("errors", phase("Paused", 1));
  const counted = (traffic: CanaryTraffic) =>
    client.patch(Ingresses, key("errors-canary"), {
      type: "merge",
      body: { metadata: { annotations: { [CANARY_TRAFFIC_ANNOTATION]: JSON.stringify(traffic) } } },
    });
  await counted({ weight: 10, canary: { requests: 10, errors: 9 }, stable: { requests: 90, errors: 0 } });
  await counted({ weight: 10, canary: { requests: 40, errors: 3 }, stable: { requests: 400, errors: 12 } });
  await platform.idle();
  assert.equal((await client.get(Applications, key("errors"))).spec.release, 2);
  await counted({ weight: 10, canary: { requests: 50, errors: 8 }, stable: { requests: 450, errors: 12 } });
  const left = await until("errors", serves(3));
  assert.deepEqual(left.spec.run, {});
  const release = await releaseOf("errors", 3);
  assert.deepEqual([release.spec.rollbackTo, release.spec.insteadOf, release.spec.podsOf], [1, 2, 1]);
  assert.equal(
    release.spec.reason,
    "back to v1, for v2 was left: 16.0 % of its answers are errors (8 of 50), of the others 2.7 %",
  );
  assert.deepEqual(left.status?.rollout?.phase, "Aborted");
  await platform.until(Releases, key("errors-v2"), ({ status }) =>
    (status?.conditions ?? []).some(({ message }) =>
      /Release v3 took its place: back to v1/.test(message ?? ""),
    ),
  );
  await counted({ weight: 0, canary: { requests: 0, errors: 0 }, stable: { requests: 0, errors: 0 } });
  await platform.untilGone(Deployments, key("errors-canary"));
  assert.deepEqual(
    (journal.get("errors") ?? []).filter((line) => line.startsWith("own")),
    ["own 1"],
  );
  const { items } = await client.list(Events, { namespace: "demo" });
  assert.ok(
    items.some(({ reason, involvedObject }) => reason === "ReleaseLeft" && involvedObject.name === "errors"),
  );
});

test("a canary is aborted by hand, and its Pods go only after the requests", async () => {
  await serving("handy", { strategy: "Canary", canary: { steps: [{ weight: 30 }] }, autoRollback: false });
  await deploy("handy", NEXT);
  await until("handy", phase("Paused", 1));
  await patch("handy", { metadata: { annotations: { [ABORT_ANNOTATION]: "2" } } });
  await until("handy", serves(3));
  await platform.untilGone(Deployments, key("handy-canary"));
  const seen = journal.get("handy") ?? [];
  assert.deepEqual(seen.slice(seen.indexOf("weight 30")), ["weight 30", "weight 0", "gone"]);
  await patch("handy", { metadata: { annotations: { [PROMOTE_ANNOTATION]: "2/1" } } });
  await platform.idle();
  assert.equal((await client.get(Applications, key("handy"))).spec.release, 3);
});

test("a deploy in the middle of a canary begins anew; a rollback in its middle ends it", async () => {
  await serving("busy", { strategy: "Canary", canary: { steps: [{ weight: 30 }] } });
  await deploy("busy", NEXT);
  await until("busy", phase("Paused", 1));
  await deploy("busy", image("c"));
  await until(
    "busy",
    (application) => phase("Paused", 1)(application) && application.status?.rollout?.release === 3,
  );
  const seen = journal.get("busy") ?? [];
  assert.deepEqual(seen.slice(seen.indexOf("weight 30"), seen.indexOf("weight 30") + 4), [
    "weight 30",
    "weight 0",
    "gone",
    "beside 3 x1",
  ]);
  await patch("busy", { spec: { rollbackTo: 1 } });
  await until("busy", serves(4));
  await platform.untilGone(Deployments, key("busy-canary"));
  assert.ok(!(journal.get("busy") ?? []).includes("own 3"));
});

test("blue-green leads all requests to the new Release at once, and back to its own Pods when these are ready", async () => {
  await serving("blue", { strategy: "BlueGreen", blueGreen: { hold: true, keepSeconds: 10 } }, 3);
  await deploy("blue", NEXT);
  await until("blue", phase("Paused"));
  assert.deepEqual(journal.get("blue"), ["to own", "own 1", "beside 2 x3"]);
  await patch("blue", { metadata: { annotations: { [PROMOTE_ANNOTATION]: "2/1" } } });
  await until("blue", phase("Progressing"));
  await until("blue", phase("Complete"));
  await platform.untilGone(Deployments, key("blue-canary"));
  assert.deepEqual(journal.get("blue"), [
    "to own",
    "own 1",
    "beside 2 x3",
    "to beside",
    "own 2",
    "to own",
    "gone",
  ]);
});

test("blue-green that is aborted after the switch returns to Pods that never went", async () => {
  await serving("green", { strategy: "BlueGreen", blueGreen: { keepSeconds: 600 } });
  await deploy("green", NEXT);
  await until("green", phase("Progressing"));
  await patch("green", { metadata: { annotations: { [ABORT_ANNOTATION]: "2" } } });
  await until("green", serves(3));
  await platform.untilGone(Deployments, key("green-canary"));
  assert.deepEqual(journal.get("green"), ["to own", "own 1", "beside 2 x1", "to beside", "to own", "gone"]);
});

test("a rolling Release that is over its deadline is left, once; without a good one before it stays", async () => {
  await serving("slow", {});
  await deploy("slow", BAD);
  await platform.until(
    Deployments,
    key("slow"),
    ({ status, metadata, spec }) =>
      spec?.template.metadata?.labels?.[RELEASE_LABEL] === "2" &&
      status?.observedGeneration === metadata.generation,
  );
  await exceed("slow");
  const left = await until("slow", serves(3));
  assert.match(
    left.status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "",
    /Release v3 runs on 1 Pod: back to v1, for v2 was left: it did not get ready in 600 s/,
  );
  assert.equal(left.status?.rollout?.release, 2);
  assert.equal(left.spec.source?.image?.reference, GOOD);
  await deploy("slow", BAD);
  await until("slow", ({ spec }) => spec.release === 4);
  await deploy("slow", NEXT);
  await until("slow", serves(5));

  await platform.createApplication("never", { source: { image: { reference: BAD } } });
  await platform.until(
    Deployments,
    key("never"),
    ({ status, metadata }) => status?.observedGeneration === metadata.generation,
  );
  await exceed("never");
  const stays = await until(
    "never",
    ({ status }) => status?.conditions?.some(({ reason }) => reason === "ProgressDeadlineExceeded") === true,
  );
  assert.equal(stays.spec.release, 1);
});

async function exceed(name: string): Promise<void> {
  const conditions = [
    { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "timed out" },
  ];
  await client.patch(
    Deployments,
    key(name),
    { type: "merge", body: { status: { conditions } } },
    { subresource: "status" },
  );
}

test("a Release whose Pods crash three times is left with their last words; its configuration too", async () => {
  await serving("crashes", {});
  const run = { env: [{ name: "MODE", value: "broken" }] };
  await patch("crashes", { spec: { source: { image: { reference: BAD } } } });
  await until("crashes", ({ spec: now }) => now.release === 2);
  await patch("crashes", { spec: { run } });
  const { spec } = await platform.until(
    Deployments,
    key("crashes"),
    ({ spec: now }) => now?.template.metadata?.labels?.[RELEASE_LABEL] === "3",
  );
  const { template } = spec ?? {};
  await client.create(Pods, {
    metadata: { ...(template?.metadata as object), name: "crashes-x", namespace: "demo" },
    spec: template?.spec as never,
  });
  const terminated = {
    exitCode: 1,
    reason: "Error",
    message: "no such mode: broken",
    startedAt: "2026-01-01T00:00:00Z",
    finishedAt: "2026-01-01T00:00:01Z",
  };
  const crash = (restartCount: number) => ({
    phase: "Running",
    containerStatuses: [
      {
        name: "crashes",
        image: GOOD,
        imageID: "",
        ready: false,
        restartCount,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated },
      },
    ],
  });
  const say = (restartCount: number) =>
    client.patch(
      Pods,
      key("crashes-x"),
      { type: "merge", body: { status: crash(restartCount) } },
      { subresource: "status" },
    );
  await say(1);
  await platform.idle();
  assert.equal((await client.get(Applications, key("crashes"))).spec.release, 3);
  await say(2);
  const left = await until("crashes", ({ spec: now }) => now.release === 4);
  assert.deepEqual(left.spec.run, {});
  assert.match(
    (await releaseOf("crashes", 4)).spec.reason ?? "",
    /exit code 1, last saying "no such mode: broken"/,
  );
});

test("rollouts come to their end whatever write is lost, and never take Pods that requests lead to", async () => {
  faults.share = 0.3;
  try {
    await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const name = `chaos-${index}`;
        const strategy = index % 2 === 0 ? "Canary" : "BlueGreen";
        const steps = [
          { weight: 25, pauseSeconds: 1 },
          { weight: 60, pauseSeconds: 1 },
        ];
        await serving(name, { strategy, canary: { steps }, blueGreen: { keepSeconds: 1 } }, 2);
        await deploy(name, NEXT);
        await until(name, (application) => serves(2)(application) && phase("Complete")(application));
        const seen = journal.get(name) ?? [];
        const [back, gone] = strategy === "Canary" ? ["weight 0", "gone"] : ["to own", "gone"];
        assert.ok(seen.lastIndexOf(gone) > seen.lastIndexOf(back), seen.join(", "));
        assert.ok(seen.lastIndexOf(back) > seen.lastIndexOf("own 2"), seen.join(", "));
        const { items } = await client.list(Releases, {
          namespace: "demo",
          labelSelector: `jdos.io/application=${name}`,
        });
        assert.equal(items.length, 2);
      }),
    );
    assert.ok(faults.failed >= ENOUGH_FAULTS, `only ${faults.failed} writes were lost`);
  } finally {
    faults.share = 0;
  }
});
