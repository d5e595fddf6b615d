import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BuildStep } from "@jdos/api/builder";
import { ImageBuilderError } from "../errors.ts";
import { installForTests, own, type Running, UID } from "../node/build.ts";
import { runStep, StepFailure } from "./run-step.ts";

export interface OwnStepsOptions extends Running {
  source: string;
  /** A directory to work in. */
  work: string;
  /** The stack has its dependencies from package.json. */
  installs: boolean;
}

/** What the build is, told to its steps. */
export type StepFacts = Readonly<Record<`JDOS_${string}`, string>>;

/**
 * The steps that a person adds to a build. They run in a copy of the source that no image is made of, so that what
 * they write there changes none, as the user that npm runs as.
 */
export class OwnSteps {
  readonly #options: OwnStepsOptions;
  #tree: Promise<string> | undefined;

  constructor(options: OwnStepsOptions) {
    this.#options = options;
  }

  /** Runs steps one after the other. Resolves with a sentence. @throws ImageBuilderError StepFailed */
  async run(steps: readonly BuildStep[], facts: StepFacts): Promise<string> {
    const { work, variables, log, signal, runtime } = this.#options;
    await runtime?.fetch();
    this.#tree ??= this.#makeTree();
    const cwd = await this.#tree;
    const home = join(work, "steps", "home");
    const env = { ...variables, ...facts, HOME: home, npm_config_update_notifier: "false" };
    for (const { name, run } of steps) {
      log(`step "${name}": ${run.trim().split("\n").join("; ")}`);
      try {
        await runStep(["/bin/sh", "-e", "-c", run], { cwd, env, uid: UID, log, signal });
      } catch (error) {
        throw error instanceof StepFailure ? explain(name, error) : error;
      }
    }
    const names = steps.map(({ name }) => name).join(", ");
    return `${steps.length} ${steps.length === 1 ? "step" : "steps"} passed: ${names}`;
  }

  async #makeTree(): Promise<string> {
    const { source, work, variables, log, installs } = this.#options;
    const root = join(work, "steps");
    const tree = join(root, "source");
    const home = join(root, "home");
    await mkdir(home, { recursive: true });
    const copy = ["cp", "--archive", "--no-target-directory", source, tree];
    await runStep(copy, { env: variables, log });
    await own(root, this.#options);
    if (installs && existsSync(join(tree, "package.json"))) await installForTests(tree, home, this.#options);
    return tree;
  }
}

function explain(name: string, failure: StepFailure): ImageBuilderError {
  const { killedBy, exitCode } = failure;
  const how = killedBy === undefined ? `exit code ${exitCode ?? "unknown"}` : `killed by ${killedBy}`;
  return new ImageBuilderError("StepFailed", `Step "${name}" failed: ${how}`, {
    cause: failure,
    hint:
      killedBy === "SIGKILL"
        ? "It may have used more memory than a build has: set build.memory"
        : "The build's log has what it wrote",
  });
}
