import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuilderInput } from "@jdos/api";
import { credentialFor, type RegistryCredential } from "@jdos/component-base";
import { coordinate } from "./coordinate/coordinate.ts";
import { formatResult } from "./coordinate/result.ts";
import { ImageBuilderError } from "./errors.ts";
import type { BuilderOptions } from "./options.ts";
import { runSteps } from "./steps/steps.ts";

/** Runs one side of a build, or both. Resolves with the exit code. */
export async function run(options: BuilderOptions, signal?: AbortSignal): Promise<number> {
  if (options.role === "steps") return (await runSteps(options)).succeeded ? 0 : 1;
  const input = readInput(options.inputFile);
  const steps = options.role === "local" ? startSteps(options) : undefined;
  const limit = AbortSignal.timeout(input.timeoutSeconds * 1000);
  const credential = readCredential(options.credentialFile, input);
  const result = await coordinate({
    input,
    ...(credential && { credential }),
    gitCredential: options.gitCredential,
    environment: options.environment,
    exchange: options.exchange,
    say: (line) => void process.stdout.write(`${line}\n`),
    signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
  });
  writeFileSync(options.resultFile, formatResult(result));
  if (steps !== undefined && steps.exitCode === null) await once(steps, "exit");
  return result.error === undefined ? 0 : 1;
}

function readInput(file: string): BuilderInput {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as BuilderInput;
  } catch (error) {
    throw new ImageBuilderError(
      "InvalidInput",
      `Cannot read the build's input "${file}": ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function readCredential(file: string, { registry }: BuilderInput): RegistryCredential | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  return credentialFor(registry.host, text) ?? credentialFor(new URL(registry.url).host, text);
}

function startSteps({ exchange, work, environment, cache, secrets }: BuilderOptions) {
  const main = join(import.meta.dirname, "main.ts");
  const directories = { exchange, work, environment, cache, secrets };
  const flags = Object.entries(directories).flatMap(([name, path]) => [`--${name}`, path]);
  return spawn(process.execPath, [main, "steps", ...flags], { stdio: ["ignore", "inherit", "inherit"] });
}
