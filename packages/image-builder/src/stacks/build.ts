import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildDockerfile, type DockerfileBuild, type DockerfileBuildOptions } from "../dockerfile/build.ts";
import { ImageBuilderError } from "../errors.ts";
import type { StackPlan } from "./plan.ts";
import { OWN_CONTEXT, renderDockerfile } from "./render.ts";
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
    extraPackages: askedPackages(tree),
    isFolder: (name) => tree.hasFolder(name),
  });
  await writeFile(file, dockerfile);
  for (const [path, text] of Object.entries(plan.files ?? {})) {
    await mkdir(dirname(join(own, path)), { recursive: true });
    await writeFile(join(own, path), text);
  }
  const ignoreFile = join(directory, "ignore");
  await writeFile(ignoreFile, `${tree.text(".dockerignore")}\n.git\nnode_modules\n`);
  return buildDockerfile({
    ...options,
    file,
    name: `stack ${stack}`,
    contexts: { [OWN_CONTEXT]: own },
    ignoreFile,
  });
}

/** Debian's packages of an Aptfile, one a line, for what an application runs with. */
function askedPackages(tree: SourceTree): string[] {
  const lines = tree
    .text("Aptfile")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim());
  const packages = lines.filter((line) => line !== "");
  const wrong = packages.find((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name));
  if (wrong !== undefined)
    throw new ImageBuilderError(
      "InvalidPackage",
      `Cannot read Aptfile: "${wrong}" is no name of a Debian package`,
      {
        hint: "Write the name of one package a line",
      },
    );
  return packages;
}
