/**
 * One file of hello-node changed: `jdos deploy` until the new version answers, beside buildah and podman by hand
 * (build, replace the container, ask until the new version answers).
 */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask } from "./support/ask.ts";
import { BASE_IMAGE, loadBaseImage } from "./support/base-image.ts";
import { createContainerStore, RUN_OPTIONS, storeOptions } from "./support/container-store.ts";
import { percentile, timed } from "./support/measure.ts";
import { BenchPlatform, ROOT } from "./support/platform.ts";
import { program, requirePackages, until } from "./support/programs.ts";
import { figure, printTable, say } from "./support/table.ts";

const ROUNDS = 6;
const PEER_PORT = 18_080;
const DOCKERFILE = `FROM ${BASE_IMAGE}\nWORKDIR /app\nCOPY package*.json ./\nCOPY . .\nENV PORT=8080\nCMD ["node", "server.js"]\n`;

const answers = (port: number, host: string, version: string): Promise<void> =>
  until(async () => (await ask(port, host)).startsWith(version), 30);

await requirePackages({ podman: "/usr/bin/podman", buildah: "/usr/bin/buildah" });
const platform = await BenchPlatform.create();
const store = await createContainerStore();
const scratch = store.directory;
const [ourSource, peerSource] = [join(scratch, "ours"), join(scratch, "peer")];

async function change(source: string, version: string): Promise<void> {
  const original = await readFile(join(ROOT, "examples/hello-node/server.js"), "utf8");
  await writeFile(join(source, "server.js"), original.replace("Hello from JDOS", version));
}

const stages: Record<string, number>[] = [];

async function deployOurs(version: string, port: number): Promise<void> {
  const printed = await platform.jdos(
    "deploy",
    ourSource,
    "--system",
    "bench",
    "--app",
    "hello",
    "-o",
    "json",
  );
  await answers(port, "hello.bench.jdos.localhost", version);
  stages.push((JSON.parse(printed) as { seconds: Record<string, number> }).seconds);
}

async function deployPeer(version: string): Promise<void> {
  const options = storeOptions(store);
  await program("buildah", [
    ...options,
    "bud",
    "--isolation",
    "chroot",
    "-q",
    "-t",
    "bench/hello",
    peerSource,
  ]);
  await program("podman", [...options, "rm", "-f", "-i", "-t", "0", "hello"]);
  await program("podman", [
    ...options,
    "--runtime",
    "runc",
    "run",
    "-d",
    "--name",
    "hello",
    ...RUN_OPTIONS,
    "-p",
    `127.0.0.1:${PEER_PORT}:8080`,
    "bench/hello",
  ]);
  await answers(PEER_PORT, "127.0.0.1", version);
}

try {
  say("Starting the platform ...");
  await platform.up();
  const { ports } = await platform.names();
  await platform.jdos("system", "create", "bench");
  for (const source of [ourSource, peerSource])
    await cp(join(ROOT, "examples/hello-node"), source, { recursive: true });
  await writeFile(join(peerSource, "Dockerfile"), DOCKERFILE);
  await loadBaseImage(store);
  const ours = { seconds: [] as number[], cpu: 0 };
  const peer = { seconds: [] as number[], cpu: 0 };
  for (let round = 0; round <= ROUNDS; round++) {
    const version = `version ${round}`;
    say(round === 0 ? "First deploy" : `Round ${round} of ${ROUNDS}`);
    const turn = [
      { side: ours, source: ourSource, deploy: () => deployOurs(version, ports.routes) },
      { side: peer, source: peerSource, deploy: () => deployPeer(version) },
    ];
    for (const { side, source, deploy } of round % 2 === 0 ? turn : turn.reverse()) {
      await change(source, version);
      const { seconds, cpuSeconds } = await timed(deploy);
      if (round === 0) continue;
      side.seconds.push(seconds);
      side.cpu += cpuSeconds / ROUNDS;
    }
  }
  const [mine, theirs] = [percentile(ours.seconds, 50), percentile(peer.seconds, 50)];
  printTable(
    "Deploy: one file changed to the new version answering (aim: 2.5 s)",
    ["", "jdos deploy", "buildah + podman", "ratio"],
    [
      ["p50, s", mine, theirs, `${figure(mine / theirs)}x`],
      [
        "slowest, s",
        Math.max(...ours.seconds),
        Math.max(...peer.seconds),
        `${figure(Math.max(...ours.seconds) / Math.max(...peer.seconds))}x`,
      ],
      ["CPU s of the machine", ours.cpu, peer.cpu, `${figure(ours.cpu / peer.cpu)}x`],
    ],
  );
  const names = Object.keys(stages.at(-1) ?? {});
  printTable("Stages of jdos deploy, p50 s", names, [
    names.map((name) =>
      percentile(
        stages.slice(1).map((stage) => stage[name] ?? 0),
        50,
      ),
    ),
  ]);
  say(
    "The peer has no registry, no rollout and no route: its earlier version is stopped before the new one starts.",
  );
} finally {
  await store.remove();
  await platform.purge();
}
