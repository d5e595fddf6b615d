import type { Stack } from "@jdos/api/builder";
import type { SourceTree } from "./source-tree.ts";

/** How a stack's source becomes an image: rendered as a Dockerfile with a stage that builds and one that runs. */
export interface StackPlan {
  /** Debian's packages that the application runs with. Application after application shares their layer. */
  runtime: readonly string[];
  /** Run once after the packages are there, in the same layer. */
  prepare?: string;
  build?: BuildPlan;
  /** The application's own files in the image: all of them, or some folders that are there. */
  own: "all" | readonly string[];
  /** Files of ours: their path in the image and their text. */
  files?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  command: readonly string[];
  /** Sentences for the log: how it starts, which version it gets. */
  notes: readonly string[];
}

export interface BuildPlan {
  /** Debian's packages that are needed to build, beside those of the runtime. */
  packages: readonly string[];
  /** From these files alone, so that it is done again only when one of them changes. */
  dependencies?: { files: readonly string[]; run: string; caches?: readonly string[] };
  /** In the whole source. */
  compile?: { run: string; caches?: readonly string[] };
  /** What the image takes over of the stage that builds: the path there and in the image. */
  outputs: readonly { from: string; to: string }[];
}

/** One stack: how it is recognised and built. */
export interface StackModule {
  name: Exclude<Stack, "dockerfile" | "node">;
  /** For the sentence that says what was looked for. */
  looksFor: string;
  /** Why the source is of this stack, as in "the source has go.mod"; undefined when it is not. */
  recognise(source: SourceTree): string | undefined;
  plan(source: SourceTree): StackPlan;
}

/** Where the application is in the image. */
export const APP = "/app";
