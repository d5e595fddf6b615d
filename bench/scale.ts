/**
 * An Application in a System with a quota from 0 to 1,000 Pods on 20 simulated nodes, beside the control plane of a
 * real Kubernetes; then the embedded engine alone with 5,000 nodes and 50,000 Pods. `npm run bench -- scale [--nodes N]
 * [--pods N]` makes the second part smaller.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createApplication } from "./support/application.ts";
import { type ControlPlane, cpuSecondsOf, residentMibOf } from "./support/control-plane.ts";
import { startEmbeddedEngine } from "./support/embedded-engine.ts";
import { hasKubernetes, startKubernetes } from "./support/kubernetes.ts";
import { fillCluster, measureLists, measureWatch, pageThrough } from "./support/large-cluster.ts";
import { percentile } from "./support/measure.ts";
import { removeScaled, type ScaleUp, scaleUp } from "./support/scale-up.ts";
import { startSimulatedNodes } from "./support/simulated-nodes.ts";
import { figure, printTable, say } from "./support/table.ts";

const NODES = 20;
const PODS = 1000;
const ROUNDS = 5;
/** Controllers of a real Kubernetes make 20 changes a second by default. */
const SCALE_UP = { pods: PODS, timeoutSeconds: 180 };
const FILL_SECONDS = 600;
const IDLE_SECONDS = 20;
const LIST_ROUNDS = 5;
const WATCHED_WRITES = 1000;

const { values } = parseArgs({
  options: { nodes: { type: "string", default: "5000" }, pods: { type: "string", default: "50000" } },
});

await compareScaleUp();
await measureLarge({ nodes: Number(values.nodes), pods: Number(values.pods) });

async function compareScaleUp(): Promise<void> {
  const planes: ControlPlane[] = [];
  const add = async (starting: Promise<ControlPlane>) => {
    const plane = await withNodes(await starting);
    planes.push(plane);
    await createApplication(plane.client, PODS);
  };
  const stopAll = async () => {
    for (const plane of planes.splice(0)) await plane.stop();
  };
  try {
    await add(startEmbeddedEngine());
    if (hasKubernetes()) await add(startKubernetes({ raisedQps: true }));
    else
      say("No real Kubernetes was built here (npm run test:kubernetes does): the engine is measured alone.");
    const runs = await runInTurns(planes);
    await stopAll();
    if (hasKubernetes()) {
      say("With the default settings of a real Kubernetes");
      await add(startKubernetes({ raisedQps: false }));
      runs.push([await scaleUp(planes[0]!, SCALE_UP)]);
    }
    printScaleUp(runs);
  } finally {
    await stopAll();
  }
}

/** The control plane with simulated nodes, which stop before it does. */
async function withNodes(plane: ControlPlane): Promise<ControlPlane> {
  const nodes = await startSimulatedNodes({ client: plane.client, count: NODES });
  return {
    ...plane,
    async stop() {
      await nodes.stop();
      await plane.stop();
    },
  };
}

/** The runs of each plane; each plane has its turn in each round, in changing order. The first round warms up. */
async function runInTurns(planes: readonly ControlPlane[]): Promise<ScaleUp[][]> {
  const runs: ScaleUp[][] = planes.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    say(round === 0 ? "Warming up" : `Round ${round} of ${ROUNDS}`);
    const order = round % 2 === 0 ? [...planes.keys()] : [...planes.keys()].reverse();
    for (const index of order) {
      const run = await scaleUp(planes[index]!, SCALE_UP);
      await removeScaled(planes[index]!, SCALE_UP.timeoutSeconds);
      if (round > 0) runs[index]!.push(run);
    }
  }
  return runs;
}

function printScaleUp(runs: readonly (readonly ScaleUp[])[]): void {
  const [ours = [], raised = [], plain = []] = runs;
  const median = (of: (run: ScaleUp) => number) => (each: readonly ScaleUp[]) => percentile(each.map(of), 50);
  const row = (name: string, of: (run: ScaleUp) => number): (string | number)[] => {
    const [mine, tuned, theirs] = [ours, raised, plain].map(median(of)) as [number, number, number];
    return [name, mine, tuned, `${figure(mine / tuned)}x`, theirs, `${figure(mine / theirs)}x`];
  };
  printTable(
    `An Application from 0 to ${PODS} Pods on ${NODES} simulated nodes (aim: all bound in 2 s, 0.2x of raised QPS)`,
    ["", "jdos", "Kubernetes, raised QPS", "ratio", "Kubernetes, default", "ratio"],
    [
      row("all created, s", ({ created }) => created.seconds),
      row("all bound, s", ({ bound }) => bound.seconds),
      row("all ready, s", ({ ready }) => ready.seconds),
      row("all in the Service and the quota, s", ({ published }) => published.seconds),
      row("CPU of the servers until bound, s", ({ bound }) => bound.cpuSeconds),
      row("CPU of the servers until ready, s", ({ ready }) => ready.cpuSeconds),
      row("CPU of the servers until in the Service, s", ({ published }) => published.cpuSeconds),
    ],
  );
}

async function measureLarge({ nodes: count, pods }: { nodes: number; pods: number }): Promise<void> {
  const engine = await startEmbeddedEngine();
  try {
    say(`Registering ${count} simulated nodes`);
    const nodes = await startSimulatedNodes({ client: engine.client, count });
    const heapBefore = await engine.heapBytes();
    const cpuBefore = cpuSecondsOf(engine);
    say(`Filling them with ${pods} Pods`);
    const { seconds, ready } = await fillCluster(engine.client, { pods, timeoutSeconds: FILL_SECONDS });
    const cpuSeconds = cpuSecondsOf(engine) - cpuBefore;
    const heapBytes = await engine.heapBytes();
    const resident = residentMibOf(engine);
    const cpuIdle = cpuSecondsOf(engine);
    await sleep(IDLE_SECONDS * 1000);
    const idleShare = (cpuSecondsOf(engine) - cpuIdle) / IDLE_SECONDS;
    say("Reading lists and watching");
    const lists = await measureLists(engine.client, LIST_ROUNDS);
    const pages = await pageThrough(engine.client);
    const watch = await measureWatch(engine.client, WATCHED_WRITES);
    await nodes.stop();
    printTable(
      `The embedded engine with ${count} nodes and ${ready} Pods`,
      ["", "jdos"],
      [
        [
          `all ready after, s${seconds === undefined ? ` (not all in ${FILL_SECONDS})` : ""}`,
          seconds ?? Number.NaN,
        ],
        ["CPU until then, ms a Pod", (cpuSeconds * 1000) / ready],
        ["CPU of heartbeats alone, % of a core", idleShare * 100],
        ["resident, MiB", resident],
        ["live heap, KiB a Pod", (heapBytes - heapBefore) / 1024 / ready],
        ...lists.flatMap(({ name, seconds: each, mib }) => [
          [`list ${name} (${figure(mib)} MiB), p50 s`, percentile(each, 50)],
          [`list ${name}, slowest s`, Math.max(...each)],
        ]),
        [`all ${pages.pods} Pods in pages of 500, s`, pages.seconds],
        ["the slowest page, s", pages.slowest],
        ["write to its event on a watch, p50 ms", watch.p50],
        ["write to its event on a watch, p99 ms", watch.p99],
      ],
    );
  } finally {
    await engine.stop();
  }
}
