/** Exec to ready: a fresh data directory and a warm one; what it holds when idle. Beside it etcd alone, for scale. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEtcd } from "./support/etcd.ts";
import { percentile, processCpuSeconds, residentMib, timed } from "./support/measure.ts";
import { BenchPlatform } from "./support/platform.ts";
import { figure, printTable, say } from "./support/table.ts";

const FRESH = 2;
const WARM = 5;
const IDLE_SECONDS = 20;

interface Idle {
  residentMib: number;
  /** Of one core. */
  cpuPercent: number;
}

async function idleOf(pid: number): Promise<Idle> {
  await sleep(5000);
  const before = processCpuSeconds(pid);
  await sleep(IDLE_SECONDS * 1000);
  return {
    residentMib: residentMib(pid),
    cpuPercent: ((processCpuSeconds(pid) - before) / IDLE_SECONDS) * 100,
  };
}

const seconds: Record<"fresh" | "warm" | "etcd fresh" | "etcd warm", number[]> = {
  fresh: [],
  warm: [],
  "etcd fresh": [],
  "etcd warm": [],
};
const cpu = { fresh: 0, warm: 0 };
let idle: Idle | undefined;
let etcdIdle: Idle | undefined;

for (let run = 0; run < FRESH; run++) {
  say(`Fresh start ${run + 1} of ${FRESH}`);
  const platform = await BenchPlatform.create();
  try {
    const fresh = await timed(() => platform.up());
    seconds.fresh.push(fresh.seconds);
    cpu.fresh += fresh.cpuSeconds / FRESH;
    if (run < FRESH - 1) continue;
    idle = await idleOf(await platform.pid());
    for (let warmRun = 0; warmRun < WARM; warmRun++) {
      say(`Warm start ${warmRun + 1} of ${WARM}`);
      await platform.jdos("down");
      const warm = await timed(() => platform.up());
      seconds.warm.push(warm.seconds);
      cpu.warm += warm.cpuSeconds / WARM;
    }
  } finally {
    await platform.purge();
  }
}

const directory = await mkdtemp(join(tmpdir(), "jdos-bench-etcd-"));
try {
  for (let run = 0; run < WARM; run++) {
    say(`etcd ${run + 1} of ${WARM}`);
    const started = await timed(() => startEtcd(directory));
    seconds[run === 0 ? "etcd fresh" : "etcd warm"].push(started.seconds);
    if (run === WARM - 1) etcdIdle = await idleOf(started.result.pid);
    await started.result.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

const row = (name: string, mine: number, aim: string, theirs: number): (string | number)[] => [
  name,
  mine,
  aim,
  theirs,
  `${figure(mine / theirs)}x`,
];
printTable(
  "Start: exec to ready",
  ["", "jdos", "aim", "etcd alone", "ratio"],
  [
    row("fresh, s", percentile(seconds.fresh, 50), "-", percentile(seconds["etcd fresh"], 50)),
    row("warm, s", percentile(seconds.warm, 50), "2", percentile(seconds["etcd warm"], 50)),
    row(
      "resident when idle, MiB",
      idle?.residentMib ?? Number.NaN,
      "150",
      etcdIdle?.residentMib ?? Number.NaN,
    ),
    row(
      "CPU when idle, % of a core",
      idle?.cpuPercent ?? Number.NaN,
      "-",
      etcdIdle?.cpuPercent ?? Number.NaN,
    ),
  ],
);
printTable(
  "CPU of the whole machine, s",
  ["", "jdos"],
  [
    ["a fresh start", cpu.fresh],
    ["a warm start", cpu.warm],
  ],
);
