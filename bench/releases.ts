/**
 * 20 releases by each strategy while an application serves 100,000 requests: how many fail, and how long they take beside
 * the same requests without a release. Releases go back and forth between two images, so that nothing is built meanwhile.
 *
 * Arguments: names of strategies, for fewer.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Applications, Releases } from "@jdos/api";
import { machineCpuSeconds, percentile } from "./support/measure.ts";
import { BenchPlatform, ROOT } from "./support/platform.ts";
import { type SteadyLoad, type SteadyResult, steadyLoad } from "./support/steady-load.ts";
import { figure, printTable, say } from "./support/table.ts";

const STRATEGIES = ["Rolling", "Canary", "BlueGreen", "InPlace"] as const;
type Strategy = (typeof STRATEGIES)[number];
const RELEASES = 20;
const REQUESTS = 100_000;
const PER_SECOND = 600;
const QUIET_SECONDS = 10;
/** A strategy's releases are given up after this. */
const MOST_SECONDS = 900;
const [SYSTEM, APP] = ["bench", "served"];

interface Outcome extends SteadyResult {
  strategy: string;
  releases: number;
  seconds: number;
  cpuSeconds: number;
}

const platform = await BenchPlatform.create();
const scratch = await mkdtemp(join(tmpdir(), "jdos-bench-releases-"));

/** Two images of hello-node that answer differently; gives their references. */
async function buildImages(): Promise<string[]> {
  const source = join(scratch, "source");
  await cp(join(ROOT, "examples/hello-node"), source, { recursive: true });
  const server = join(source, "server.js");
  const text = await readFile(server, "utf8");
  const client = await platform.client();
  const images: string[] = [];
  for (const words of ["Hello one", "Hello two"]) {
    await writeFile(server, text.replace("Hello from JDOS", words));
    await platform.jdos("deploy", source, "--system", SYSTEM, "--app", APP, "--replicas", "2");
    const { spec } = await client.get(Applications, { namespace: SYSTEM, name: APP });
    const release = await client.get(Releases, { namespace: SYSTEM, name: `${APP}-v${spec.release}` });
    images.push(release.spec.image);
  }
  return images;
}

const loadOf = (port: number, seconds: number): SteadyLoad => ({
  port,
  host: `${APP}.${SYSTEM}.jdos.localhost`,
  perSecond: PER_SECOND,
  seconds,
});

async function release(strategy: Strategy, images: readonly string[], port: number): Promise<Outcome> {
  const [cpu, started] = [machineCpuSeconds(), performance.now()];
  const over = new AbortController();
  const load = steadyLoad({ ...loadOf(port, MOST_SECONDS), atLeast: REQUESTS }, over.signal);
  for (let done = 0; done < RELEASES; done++) {
    const image = images[done % images.length]!;
    const app = ["--system", SYSTEM, "--app", APP];
    await platform.jdos("deploy", `image:${image}`, ...app, "--strategy", strategy);
  }
  const seconds = (performance.now() - started) / 1000;
  over.abort();
  const result = await load;
  return { ...result, strategy, releases: RELEASES, seconds, cpuSeconds: machineCpuSeconds() - cpu };
}

const wanted = STRATEGIES.filter(
  (strategy) => process.argv.length < 3 || process.argv.slice(2).includes(strategy),
);
try {
  say("Starting the platform ...");
  await platform.up();
  const { ports } = await platform.names();
  await platform.jdos("system", "create", SYSTEM);
  say("Building two images ...");
  const images = await buildImages();
  const client = await platform.client();
  await client.patch(
    Applications,
    { namespace: SYSTEM, name: APP },
    {
      type: "merge",
      body: {
        spec: {
          rollout: {
            blueGreen: { keepSeconds: 2 },
            canary: {
              steps: [
                { weight: 20, pauseSeconds: 1 },
                { weight: 60, pauseSeconds: 1 },
              ],
            },
          },
        },
      },
    },
  );
  say("Without a release ...");
  const cpu = machineCpuSeconds();
  const quiet = await steadyLoad(loadOf(ports.routes, QUIET_SECONDS));
  const outcomes: Outcome[] = [
    {
      ...quiet,
      strategy: "none",
      releases: 0,
      seconds: QUIET_SECONDS,
      cpuSeconds: machineCpuSeconds() - cpu,
    },
  ];
  for (const strategy of wanted) {
    say(`${RELEASES} releases by ${strategy} ...`);
    outcomes.push(await release(strategy, images, ports.routes));
  }
  printTable(
    `releases: ${PER_SECOND} requests a second`,
    ["strategy", "releases", "s each", "requests", "failed", "p50 ms", "p99 ms", "p99 ratio", "CPU s"],
    outcomes.map(({ strategy, releases, seconds, millis, failures, cpuSeconds }) => [
      strategy,
      String(releases),
      releases === 0 ? "-" : figure(seconds / releases),
      String(millis.length + failures),
      String(failures),
      percentile(millis, 50),
      percentile(millis, 99),
      percentile(millis, 99) / percentile(quiet.millis, 99),
      cpuSeconds,
    ]),
  );
  process.exitCode = outcomes.some(({ failures }) => failures > 0) ? 1 : 0;
} finally {
  await platform.purge();
  await rm(scratch, { recursive: true, force: true });
}
