/**
 * 20 builds at once, of two systems, while an application serves: how long its requests take with and without, in turns.
 * Each build keeps every core busy for a while and writes to disk.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Applications, Builds, isBuildEnded } from "@jdos/api";
import type { Client } from "@jdos/client";
import { machineCpuSeconds, percentile } from "./support/measure.ts";
import { BenchPlatform, ROOT } from "./support/platform.ts";
import { type SteadyResult, steadyLoad } from "./support/steady-load.ts";
import { figure, printTable, say } from "./support/table.ts";

const ROUNDS = 2;
const BUILDS = 20;
const PER_SECOND = 100;
const QUIET_SECONDS = 20;
const MOST_SECONDS = 600;
const SYSTEMS = ["bench", "bench-other"];
/** What a build does: as many busy threads as there are cores, and a file of 64 MiB. */
const BUSY = `
import { Worker, isMainThread } from "node:worker_threads";
import { availableParallelism } from "node:os";
import { writeFileSync } from "node:fs";
if (isMainThread) {
  for (let n = 0; n < availableParallelism(); n++) new Worker(new URL(import.meta.url));
  writeFileSync("ballast", Buffer.alloc(64 * 1024 * 1024));
} else {
  const end = Date.now() + 1000;
  while (Date.now() < end) Math.sqrt(Math.random());
}
`;

const platform = await BenchPlatform.create();
const scratch = await mkdtemp(join(tmpdir(), "jdos-bench-queue-"));

/** Asks for builds of what the applications were first built of; they are recorded and deploy nothing. */
async function askForBuilds(client: Client, from: number): Promise<void> {
  for (let number = from; number < from + BUILDS / SYSTEMS.length; number++) {
    for (const namespace of SYSTEMS) {
      const { spec } = await client.get(Builds, { namespace, name: "busy-b1" });
      await client.create(Builds, {
        metadata: { namespace, name: `busy-b${number}` },
        spec: { application: "busy", number, source: spec.source as never },
      });
    }
  }
}

async function unended(client: Client): Promise<number> {
  return (await client.list(Builds)).items.filter((build) => !isBuildEnded(build)).length;
}

interface Side extends SteadyResult {
  cpuSeconds: number;
  seconds: number;
}

async function measure(port: number, seconds: number, signal?: AbortSignal): Promise<Side> {
  const cpu = machineCpuSeconds();
  const started = performance.now();
  const load = { port, host: "hello.bench.jdos.localhost", perSecond: PER_SECOND, seconds };
  const result = await steadyLoad(load, signal);
  const spent = (performance.now() - started) / 1000;
  return { ...result, cpuSeconds: machineCpuSeconds() - cpu, seconds: spent };
}

async function whileBuilding(client: Client, port: number, round: number): Promise<Side> {
  await askForBuilds(client, 2 + round * BUILDS);
  const over = new AbortController();
  const measured = measure(port, MOST_SECONDS, over.signal);
  for (const end = performance.now() + MOST_SECONDS * 1000; performance.now() < end; await sleep(500))
    if ((await unended(client)) === 0) break;
  over.abort();
  return measured;
}

try {
  say("Starting the platform ...");
  await platform.up();
  const { ports } = await platform.names();
  const client = await platform.client();
  await cp(join(ROOT, "examples/hello-node"), scratch, { recursive: true });
  const manifest = JSON.parse(await readFile(join(scratch, "package.json"), "utf8")) as { scripts: object };
  const scripts = { ...manifest.scripts, build: "node busy.mjs" };
  for (const system of SYSTEMS) await platform.jdos("system", "create", system);
  await platform.jdos("deploy", scratch, "--system", "bench", "--app", "hello");
  await writeFile(join(scratch, "package.json"), JSON.stringify({ ...manifest, scripts }));
  await writeFile(join(scratch, "busy.mjs"), BUSY);
  for (const namespace of SYSTEMS) {
    await platform.jdos("deploy", scratch, "--system", namespace, "--app", "busy");
    await client.patch(
      Applications,
      { namespace, name: "busy" },
      { type: "merge", body: { spec: { deployPolicy: "Manual", historyLimit: 100 } } },
    );
  }
  const quiet: Side[] = [];
  const busy: Side[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    say(`Round ${round + 1} of ${ROUNDS}`);
    quiet.push(await measure(ports.routes, QUIET_SECONDS));
    busy.push(await whileBuilding(client, ports.routes, round));
  }
  const { items } = await client.list(Builds);
  const failed = items.filter(({ status }) => status?.phase !== "Succeeded");
  if (failed.length > 0)
    say(`${failed.length} builds did not succeed: ${failed[0]?.status?.conditions?.[0]?.message}`);
  const all = (sides: Side[]) => sides.flatMap(({ millis }) => millis);
  const row = (name: string, of: (sides: Side[]) => number): (string | number)[] => [
    name,
    of(busy),
    of(quiet),
    `${figure(of(busy) / of(quiet))}x`,
  ];
  printTable(
    `Queue: ${BUILDS} builds at once while an application serves ${PER_SECOND} requests a second (aim: p99 1.3x)`,
    ["", "while it builds", "without", "ratio"],
    [
      row("p50, ms", (sides) => percentile(all(sides), 50)),
      row("p99, ms", (sides) => percentile(all(sides), 99)),
      row("slowest, ms", (sides) => Math.max(...all(sides))),
      row("requests", (sides) => all(sides).length),
      row("failed", (sides) => sides.reduce((sum, { failures }) => sum + failures, 0)),
      row("CPU of the machine, s a second", (sides) => {
        const sum = (of: (side: Side) => number) => sides.reduce((total, side) => total + of(side), 0);
        return sum(({ cpuSeconds }) => cpuSeconds) / sum(({ seconds }) => seconds);
      }),
      ["seconds for the builds", Math.max(...busy.map(({ seconds }) => seconds)), "", ""],
    ],
  );
} finally {
  await rm(scratch, { recursive: true, force: true });
  await platform.purge();
}
