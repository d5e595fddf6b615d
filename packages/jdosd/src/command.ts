import { type Environment, onTerminationSignal } from "@jdos/component-base";
import { JdosdError } from "./errors.ts";
import { type CommandLine, type JdosdOptions, readCommandLine } from "./options.ts";
import { createProgress, type Progress } from "./progress.ts";

/** Runs one command; the process's exit code says whether it did what it was asked. */
export async function main(args: readonly string[], env: Environment): Promise<void> {
  // Whoever read the progress may leave; the platform goes on.
  process.stdout.on("error", () => {});
  try {
    await dispatch(readCommandLine(args, env));
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = 1;
  }
}

async function dispatch({ command, options, purge }: CommandLine): Promise<void> {
  const progress = createProgress((line) => process.stdout.write(`${JSON.stringify(line)}\n`));
  switch (command) {
    case "run":
      return run(options, progress);
    case "down": {
      const { down } = await import("./down/down.ts");
      return down({ options, purge, progress });
    }
    case "status": {
      const { readStatus } = await import("./control/status.ts");
      return print(await readStatus(options.dataDir));
    }
    case "images": {
      const { imageArchive } = await import("./host/print-images.ts");
      // Standard output is the answer's alone.
      const told = createProgress((line) => process.stderr.write(`${JSON.stringify(line)}\n`));
      return print(await imageArchive(options, told));
    }
    case "doctor": {
      const { diagnose } = await import("./doctor/doctor.ts");
      const findings = await diagnose(options);
      print(findings);
      if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
      return;
    }
    default:
      throw new JdosdError("InvalidOption", `Cannot run command "${command}": there is no such command`, {
        hint: "One of: run, down, status, doctor, images",
      });
  }
}

/** Runs the platform until a signal; ends the process, for parts that failed may still hold it open. */
async function run(options: JdosdOptions, progress: Progress): Promise<never> {
  const stopping = new Promise<void>((resolve) => onTerminationSignal(() => resolve()));
  const { start } = await import("./start.ts");
  try {
    const platform = await Promise.race([start(options, progress), stopping]);
    if (platform === undefined) process.exit(130);
    collectStartGarbage();
    await stopping;
    await platform.stop();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(1);
  }
}

/** A start leaves more behind than the platform then needs; an idle process would keep it for long. */
function collectStartGarbage(): void {
  setTimeout(
    () => globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" }),
    5_000,
  ).unref();
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** "code: sentence", then the hint: what every command of the project prints. */
export function describeError(error: unknown): string {
  const { code, hint, message, cause } = (error ?? {}) as {
    code?: string;
    hint?: string;
    message?: string;
    cause?: unknown;
  };
  const lines = [`${code ?? "InternalError"}: ${message ?? String(error)}`];
  if (cause instanceof Error && hint === undefined) lines.push(`cause: ${cause.message}`);
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  return lines.join("\n");
}
