import { type ApplicationBuild, STACKS, type Stack } from "@jdos/api/builder";
import { ImageBuilderError } from "../errors.ts";
import { lockfileOf } from "../node/lockfile.ts";
import type { StackPlan } from "../stacks/plan.ts";
import { SourceTree } from "../stacks/source-tree.ts";
import { PLANNED_STACKS } from "../stacks/stacks.ts";

export type Detected = { sentence: string } & (
  | { kind: "dockerfile"; dockerfile: string }
  | { kind: "node" }
  | { kind: "plan"; stack: string; plan: StackPlan }
);

/** What is looked for beside the planned stacks. */
const LOOKED_FOR = ["Dockerfile", "package.json", ...PLANNED_STACKS.map(({ looksFor }) => looksFor)];

/** Decides how a source becomes an image, and says why in a sentence. */
export function detect(directory: string, { dockerfile, stack }: ApplicationBuild = {}): Detected {
  const source = new SourceTree(directory);
  if (dockerfile !== undefined)
    return {
      kind: "dockerfile",
      dockerfile: checked(source, dockerfile),
      sentence: `dockerfile: ${dockerfile}, as the application says`,
    };
  const asked = STACKS.find((name) => name === stack);
  if (asked !== undefined) return forced(source, asked);
  if (source.has("Dockerfile"))
    return {
      kind: "dockerfile",
      dockerfile: "Dockerfile",
      sentence: "dockerfile: the source has a Dockerfile",
    };
  if (startsByItself(source)) return node(source, "the source has");
  for (const each of PLANNED_STACKS) {
    const why = each.recognise(source);
    if (why !== undefined)
      return { kind: "plan", stack: each.name, plan: each.plan(source), sentence: `${each.name}: ${why}` };
  }
  // Its builder says what is missing.
  if (source.has("package.json")) return node(source, "the source has");
  throw new ImageBuilderError(
    "NothingDetected",
    `Cannot tell how to build the source: it has none of what was looked for: ${LOOKED_FOR.join("; ")}`,
    { hint: "Add one of them, or name the folder that has it" },
  );
}

function forced(source: SourceTree, stack: Stack): Detected {
  const refuse = (looksFor: string): ImageBuilderError =>
    new ImageBuilderError(
      "NothingDetected",
      `Cannot build with stack "${stack}": the source has no ${looksFor}`,
      {
        hint: `Add it, or name a Dockerfile`,
      },
    );
  if (stack === "dockerfile") {
    if (!source.has("Dockerfile")) throw refuse("Dockerfile");
    return {
      kind: "dockerfile",
      dockerfile: "Dockerfile",
      sentence: "dockerfile: Dockerfile, as the application says",
    };
  }
  if (stack === "node") {
    if (!source.has("package.json")) throw refuse("package.json");
    return { ...node(source, ""), sentence: `node: ${nodeFiles(source)}, as the application says` };
  }
  const module = PLANNED_STACKS.find(({ name }) => name === stack);
  if (module?.recognise(source) === undefined) throw refuse(module?.looksFor ?? "such file");
  return {
    kind: "plan",
    stack,
    plan: module.plan(source),
    sentence: `${stack}: ${module.recognise(source)}, and the application says so`,
  };
}

/** A package.json that only lists tools, as beside a Gemfile or before a static site, does not make it Node's. */
function startsByItself(source: SourceTree): boolean {
  if (!source.has("package.json")) return false;
  if (PLANNED_STACKS.every((stack) => stack.recognise(source) === undefined)) return true;
  const { scripts } = source.json<{ scripts?: Record<string, string> }>("package.json");
  return scripts?.start !== undefined || source.has("server.js");
}

function node(source: SourceTree, begin: string): Detected {
  return { kind: "node", sentence: `node: ${begin} ${nodeFiles(source)}` };
}

function nodeFiles(source: SourceTree): string {
  const lockfile = lockfileOf(source.directory);
  return lockfile === undefined ? "package.json" : `package.json with ${lockfile}`;
}

function checked(source: SourceTree, dockerfile: string): string {
  if (dockerfile.startsWith("/") || dockerfile.split("/").includes(".."))
    throw new ImageBuilderError(
      "DockerfileInvalid",
      `Cannot use Dockerfile "${dockerfile}": it lies outside of the source`,
    );
  if (!source.has(dockerfile))
    throw new ImageBuilderError(
      "NothingDetected",
      `Cannot use Dockerfile "${dockerfile}": the source has no such file`,
    );
  return dockerfile;
}
