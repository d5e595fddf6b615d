import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildDockerfile, type DockerfileBuild, type DockerfileBuildOptions } from "../dockerfile/build.ts";
import { ImageBuilderError } from "../errors.ts";
import type { StackPlan } from "./plan.ts";
import { OWN_CONTEXT, renderDockerfile, runConfig } from "./render.ts";
import { SourceTree } from "./source-tree.ts";

export interface StackBuildOptions extends Omit<DockerfileBuildOptions, "file" | "name"> {
  /** python, static, ... */
  stack: string;
  plan: StackPlan;
}

/** Builds a source by the plan of its stack. */
export async function buildStack({ stack, plan, ...options }: StackBuildOptions): Promise<DockerfileBuild> {
  const { source, work, input, log } = options;
  for (const note of plan.notes) log(note);
  const tree = new SourceTree(source);
  const directory = join(work, "stack");
  const own = join(directory, "files");
  await mkdir(own, { recursive: true });
  const file = join(directory, "Dockerfile");
  const dockerfile = renderDockerfile(plan, {
    base: input.baseImage,
    extraPackages: askedPackages(tree, "Aptfile"),
    buildPackages: askedPackages(tree, "Aptfile.build"),
    isFolder: (name) => tree.hasFolder(name),
  });
  await writeFile(file, dockerfile);
  for (const [path, text] of Object.entries(plan.files ?? {})) {
    await mkdir(dirname(join(own, path)), { recursive: true });
    await writeFile(join(own, path), text);
  }
  const ignoreFile = join(directory, "ignore");
  await writeFile(ignoreFile, `${tree.text(".dockerignore")}\n.git\nnode_modules\n`);
  const built = await buildDockerfile({
    ...options,
    file,
    name: `stack ${stack}`,
    contexts: { [OWN_CONTEXT]: own },
    ignoreFile,
  });
  return { ...built, image: { kind: "pushed", config: runConfig(plan) } };
}

/** Debian's packages that the source asks for, one a line: to run with (Aptfile), or to be built with alone (Aptfile.build). */
function askedPackages(tree: SourceTree, file: "Aptfile" | "Aptfile.build"): string[] {
  const lines = tree
    .text(file)
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim());
  const packages = lines.filter((line) => line !== "");
  const wrong = packages.find((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name));
  if (wrong !== undefined)
    throw new ImageBuilderError(
      "InvalidPackage",
      `Cannot read ${file}: "${wrong}" is no name of a Debian package`,
      {
        hint: "Write the name of one package a line",
      },
    );
  return packages;
}
