/**
 * One file of hello-node changed: `git push` until the new version answers, beside a bare repository whose
 * post-receive hook does it by hand (buildah builds, podman replaces the container).
 */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask } from "./support/ask.ts";
import { BASE_IMAGE, loadBaseImage } from "./support/base-image.ts";
import { createContainerStore, RUN_OPTIONS, storeOptions } from "./support/container-store.ts";
import { percentile, timed } from "./support/measure.ts";
import { BenchPlatform, ROOT } from "./support/platform.ts";
import { program, requirePackages, until } from "./support/programs.ts";
import { figure, printTable, say } from "./support/table.ts";

const ROUNDS = 6;
const PEER_PORT = 18_081;
const DOCKERFILE = `FROM ${BASE_IMAGE}\nWORKDIR /app\nCOPY package*.json ./\nCOPY . .\nENV PORT=8080\nCMD ["node", "server.js"]\n`;

await requirePackages({ podman: "/usr/bin/podman", buildah: "/usr/bin/buildah" });
const platform = await BenchPlatform.create();
const store = await createContainerStore();
const scratch = store.directory;

interface Side {
  name: string;
  source: string;
  port: number;
  host: string;
  seconds: number[];
  cpu: number;
}

const git = (source: string, ...args: string[]): Promise<string> =>
  program("git", ["-C", source, "-c", "user.name=bench", "-c", "user.email=bench@example.org", ...args]);

async function prepare(
  side: Side,
  remote: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  await cp(join(ROOT, "examples/hello-node"), side.source, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(side.source, name), content);
  await git(side.source, "init", "--quiet", "--initial-branch=main");
  await git(side.source, "remote", "add", "there", remote);
}

/** What a hook by hand does: the commit's files, an image, a container in place of the last one. */
async function makePeerRepository(): Promise<string> {
  const [repository, tree] = [join(scratch, "peer.git"), join(scratch, "peer-tree")];
  await mkdir(tree);
  await program("git", ["init", "--quiet", "--bare", "--initial-branch=main", repository]);
  const options = storeOptions(store).join(" ");
  const hook = [
    "#!/bin/sh",
    "set -e",
    `git archive main | tar -x -C ${tree}`,
    `buildah ${options} bud --isolation chroot -q -t bench/pushed ${tree}`,
    `podman ${options} rm -f -i -t 0 pushed`,
    `podman ${options} --runtime runc run -d --name pushed ${RUN_OPTIONS.join(" ")} -p 127.0.0.1:${PEER_PORT}:8080 bench/pushed`,
  ];
  await writeFile(join(repository, "hooks/post-receive"), `${hook.join("\n")}\n`, { mode: 0o755 });
  return repository;
}

async function push({ source, port, host }: Side, version: string): Promise<void> {
  await git(source, "push", "--quiet", "there", "main");
  await until(async () => (await ask(port, host)).startsWith(version), 30);
}

try {
  say("Starting the platform ...");
  await platform.up();
  const { ports } = await platform.names();
  await platform.jdos("system", "create", "bench");
  const { remote } = JSON.parse(
    await platform.jdos("app", "create", "pushed", "--system", "bench", "-o", "json"),
  ) as { remote: string };
  const token = (await readFile(join(platform.dataDir, "credentials/platform-token"), "utf8")).trim();
  const side = (name: string, port: number, host: string): Side => ({
    name,
    source: join(scratch, name),
    port,
    host,
    seconds: [],
    cpu: 0,
  });
  const ours = side("ours", ports.routes, "pushed.bench.jdos.localhost");
  const peer = side("peer", PEER_PORT, "127.0.0.1");
  await prepare(ours, remote.replace("://", `://any:${token}@`));
  await loadBaseImage(store);
  await prepare(peer, await makePeerRepository(), { Dockerfile: DOCKERFILE });
  const original = await readFile(join(ROOT, "examples/hello-node/server.js"), "utf8");
  for (let round = 0; round <= ROUNDS; round++) {
    const version = `version ${round}`;
    say(round === 0 ? "First push" : `Round ${round} of ${ROUNDS}`);
    for (const each of round % 2 === 0 ? [ours, peer] : [peer, ours]) {
      await writeFile(join(each.source, "server.js"), original.replace("Hello from JDOS", version));
      await git(each.source, "add", "--all");
      await git(each.source, "commit", "--quiet", "-m", version);
      const { seconds, cpuSeconds } = await timed(() => push(each, version));
      if (round === 0) continue;
      each.seconds.push(seconds);
      each.cpu += cpuSeconds / ROUNDS;
    }
  }
  const row = (name: string, of: (side: Side) => number): (string | number)[] => [
    name,
    of(ours),
    of(peer),
    `${figure(of(ours) / of(peer))}x`,
  ];
  printTable(
    "Push: one file changed, git push to the new version answering (aim: 3 s)",
    ["", "git push jdos", "hook by hand", "ratio"],
    [
      row("p50, s", ({ seconds }) => percentile(seconds, 50)),
      row("slowest, s", ({ seconds }) => Math.max(...seconds)),
      row("CPU s of the machine", ({ cpu }) => cpu),
    ],
  );
  say("The peer has no login, no registry, no rollout and no route: its earlier version is stopped first.");
} finally {
  await store.remove();
  await platform.purge();
}
