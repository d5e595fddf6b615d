/** Create to Ready seen by a watch, one at a time and eight at a time, beside `podman run` with the same runc. */
import { Namespaces, type Pod, Pods } from "@jdos/api";
import type { Client } from "@jdos/client";
import { BASE_IMAGE, loadBaseImage } from "./support/base-image.ts";
import {
  type ContainerStore,
  createContainerStore,
  RUN_OPTIONS,
  storeOptions,
} from "./support/container-store.ts";
import { percentile, timed } from "./support/measure.ts";
import { BenchPlatform } from "./support/platform.ts";
import { program, requirePackages } from "./support/programs.ts";
import { figure, printTable, say } from "./support/table.ts";

const ROUNDS = 5;
const ONE_BY_ONE = 6;
const AT_ONCE = 8;
const NAMESPACE = "bench";
const COMMAND = ["sleep", "600"];

const pod = (name: string): Pod => ({
  metadata: { name, namespace: NAMESPACE },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "main", image: BASE_IMAGE, imagePullPolicy: "Never", command: COMMAND }],
  },
});

/** Milliseconds from the create call to the watch event that says Ready. */
async function startPod(client: Client, name: string): Promise<number> {
  const signal = AbortSignal.timeout(60_000);
  const events = await client.watch(Pods, {
    namespace: NAMESPACE,
    fieldSelector: `metadata.name=${name}`,
    signal,
  });
  const started = performance.now();
  await client.create(Pods, pod(name));
  for await (const event of events) {
    if (event.type === "BOOKMARK") continue;
    if (
      event.object.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ===
      true
    )
      return performance.now() - started;
  }
  throw new Error(`Pod ${name} did not become ready`);
}

async function removePods(client: Client, names: readonly string[]): Promise<void> {
  await Promise.all(
    names.map((name) => client.delete(Pods, { namespace: NAMESPACE, name }, { gracePeriodSeconds: 0 })),
  );
  while ((await client.list(Pods, { namespace: NAMESPACE })).items.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

async function podmanRun(store: ContainerStore, name: string): Promise<number> {
  const started = performance.now();
  await program("podman", [
    ...storeOptions(store),
    "--runtime",
    "runc",
    "run",
    "-d",
    "--name",
    name,
    ...RUN_OPTIONS,
    BASE_IMAGE,
    ...COMMAND,
  ]);
  return performance.now() - started;
}

const podmanRemove = (store: ContainerStore, names: readonly string[]): Promise<string> =>
  program("podman", [...storeOptions(store), "rm", "-f", "-t", "0", ...names]);

interface Side {
  start(name: string): Promise<number>;
  remove(names: readonly string[]): Promise<unknown>;
  single: number[];
  together: number[];
  cpu: { single: number; together: number };
}

async function round(side: Side, number: number): Promise<void> {
  const singles = Array.from({ length: ONE_BY_ONE }, (_, index) => `s${number}-${index}`);
  const one = await timed(async () => {
    for (const name of singles) side.single.push(await side.start(name));
  });
  side.cpu.single += one.cpuSeconds;
  await side.remove(singles);
  const names = Array.from({ length: AT_ONCE }, (_, index) => `t${number}-${index}`);
  const all = await timed(async () =>
    side.together.push(...(await Promise.all(names.map((name) => side.start(name))))),
  );
  side.cpu.together += all.cpuSeconds;
  await side.remove(names);
}

await requirePackages({ podman: "/usr/bin/podman", runc: "/usr/sbin/runc" });
const platform = await BenchPlatform.create();
const store = await createContainerStore();
try {
  say("Starting the platform ...");
  await platform.up();
  const client = await platform.client();
  await client.create(Namespaces, { metadata: { name: NAMESPACE } });
  await loadBaseImage(store);
  const empty = (): Pick<Side, "single" | "together" | "cpu"> => ({
    single: [],
    together: [],
    cpu: { single: 0, together: 0 },
  });
  const ours: Side = {
    start: (name) => startPod(client, name),
    remove: (names) => removePods(client, names),
    ...empty(),
  };
  const peer: Side = {
    start: (name) => podmanRun(store, name),
    remove: (names) => podmanRemove(store, names),
    ...empty(),
  };
  for (const side of [ours, peer]) await round(side, 0);
  for (const side of [ours, peer]) Object.assign(side, empty());
  for (let number = 1; number <= ROUNDS; number++) {
    say(`Round ${number} of ${ROUNDS}`);
    for (const side of number % 2 === 0 ? [peer, ours] : [ours, peer]) await round(side, number);
  }
  const row = (name: string, key: "single" | "together"): (string | number)[] => {
    const [mine, theirs] = [ours[key], peer[key]];
    const ratio = percentile(mine, 50) / percentile(theirs, 50);
    return [
      name,
      percentile(mine, 50),
      percentile(mine, 99),
      ours.cpu[key] / mine.length,
      percentile(theirs, 50),
      percentile(theirs, 99),
      peer.cpu[key] / theirs.length,
      `${figure(ratio)}x`,
    ];
  };
  printTable(
    `Pod start: create to Ready, milliseconds (${ours.single.length} and ${ours.together.length} Pods; aim: p50 250 ms)`,
    ["", "p50", "p99", "CPU s each", "podman p50", "p99", "CPU s each", "ratio p50"],
    [row("one at a time", "single"), row(`${AT_ONCE} at a time`, "together")],
  );
  await client.close();
} finally {
  await store.remove();
  await platform.purge();
}
