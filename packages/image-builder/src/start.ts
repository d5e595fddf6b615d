import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuilderInput } from "@jdos/api/builder";
import { credentialFor, type RegistryCredential } from "@jdos/component-base/registry";
import { ImageBuilderError } from "./errors.ts";
import type { BuilderOptions } from "./options.ts";

/** Runs one side of a build, or both. Resolves with the exit code. What the other side needs is not even loaded. */
export async function run(options: BuilderOptions, signal?: AbortSignal): Promise<number> {
  if (options.role === "steps") {
    const { runSteps } = await import("./steps/steps.ts");
    return (await runSteps(options)).succeeded ? 0 : 1;
  }
  const { coordinate } = await import("./coordinate/coordinate.ts");
  const { formatResult } = await import("./coordinate/result.ts");
  const input = readInput(options.inputFile);
  const steps = options.role === "local" ? startSteps(options) : undefined;
  const limit = AbortSignal.timeout(input.timeoutSeconds * 1000);
  const credentials = readCredentials(options.credentialFile);
  const credential = credentialOf(credentials, input.registry);
  const result = await coordinate({
    input,
    ...(credential && { credential }),
    mirrorCredential: ({ location }) => credentialFor(location.split("/")[0] ?? "", credentials),
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

/** A docker configuration; without the file one that has nothing. */
function readCredentials(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "{}";
}

function credentialOf(
  credentials: string,
  { host, url }: BuilderInput["registry"],
): RegistryCredential | undefined {
  return credentialFor(host, credentials) ?? credentialFor(new URL(url).host, credentials);
}

function startSteps({ exchange, work, environment, cache, secrets }: BuilderOptions) {
  const main = join(import.meta.dirname, "main.ts");
  const directories = { exchange, work, environment, cache, secrets };
  const flags = Object.entries(directories).flatMap(([name, path]) => [`--${name}`, path]);
  return spawn(process.execPath, [main, "steps", ...flags], { stdio: ["ignore", "inherit", "inherit"] });
}
