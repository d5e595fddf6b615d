/**
 * An example of each stack built cold, with all cached, with one file and with one dependency changed: stages build
 * and push of `jdos deploy`, beside `buildah build --layers` by hand with a Dockerfile that a person would write.
 */
import { appendFile, cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadBaseImage } from "./support/base-image.ts";
import { createContainerStore, storeOptions } from "./support/container-store.ts";
import { timed } from "./support/measure.ts";
import { BenchPlatform, ROOT } from "./support/platform.ts";
import { program, requirePackages } from "./support/programs.ts";
import { STACK_EXAMPLES, type StackExample } from "./support/stack-examples.ts";
import { figure, printTable, say } from "./support/table.ts";

const wanted = process.argv.slice(2);
const examples = STACK_EXAMPLES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const COLUMNS = ["cold", "all cached", "one file", "one dependency"] as const;

await requirePackages({ podman: "/usr/bin/podman", buildah: "/usr/bin/buildah" });
const platform = await BenchPlatform.create();
const store = await createContainerStore();

type Build = (source: string) => Promise<number>;

function ours(name: string): Build {
  return async (source) => {
    const flags = ["--system", "bench", "--app", name, "-o", "json"];
    const { seconds } = JSON.parse(await platform.jdos("deploy", source, ...flags)) as {
      seconds: { build: number; push: number };
    };
    return seconds.build + seconds.push;
  };
}

function byHand(name: string): Build {
  return async (source) => {
    const flags = ["--isolation", "chroot", "--layers", "--quiet", "--tag", `bench/${name}`];
    const build = () => program("buildah", [...storeOptions(store), "build", ...flags, source]);
    return (await timed(build)).seconds;
  };
}

async function measure(
  { file, says, dependency }: StackExample,
  source: string,
  build: Build,
): Promise<number[]> {
  const seconds = [await build(source), await build(source)];
  const path = join(source, file);
  await writeFile(path, (await readFile(path, "utf8")).replaceAll(says, "Changed"));
  seconds.push(await build(source));
  if (dependency === undefined) return [...seconds, Number.NaN];
  await appendFile(join(source, dependency.file), `${dependency.line}\n`);
  return [...seconds, await build(source)];
}

try {
  say("Starting the platform ...");
  await platform.up();
  await platform.jdos("system", "create", "bench");
  await loadBaseImage(store);
  const rows: (string | number)[][] = [];
  for (const example of examples) {
    const { name, dockerfile } = example;
    const [mine, theirs] = ["ours", "peer"].map((side) => join(store.directory, `${side}-${name}`)) as [
      string,
      string,
    ];
    for (const source of [mine, theirs])
      await cp(join(ROOT, `examples/hello-${name}`), source, { recursive: true });
    await writeFile(join(theirs, "Dockerfile"), dockerfile);
    const own = await measure(example, mine, ours(name));
    say(`${name}: jdos deploy ${own.map(figure).join(", ")}`);
    const peer = await measure(example, theirs, byHand(name));
    say(`${name}: buildah by hand ${peer.map(figure).join(", ")}`);
    rows.push([
      name,
      ...COLUMNS.flatMap((_, at) => [own[at]!, peer[at]!, `${figure(own[at]! / peer[at]!)}x`]),
    ]);
  }
  printTable(
    "Build and push, s (aim: all cached 0.3 s, one file changed 1 s)",
    ["", ...COLUMNS.flatMap((name) => [name, "buildah", "ratio"])],
    rows,
  );
  say("The peer pushes to no registry, and leaves compilers in the images of python, php and ruby.");
} finally {
  await store.remove();
  await platform.purge();
}
