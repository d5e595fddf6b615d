import { createLogger, describeSettings, readSettings, type Settings } from "@jdos/component-base";
import type { ProcessDefinition, ProcessInput } from "./contract.ts";
import { type AllValues, PartProcess } from "./part-process.ts";
import { ELECTION_SETTINGS, PROCESS_SETTINGS } from "./settings.ts";

/**
 * Runs a part as a process of its own: reads its options, connects to the API, serves health, leads when it has
 * to. Ends with 0 at SIGTERM, with 1 and `code: sentence` when it cannot start, and with 1 at once, whatever is under
 * way, when a part that only the leader may run loses its lease.
 */
export async function runProcess<S extends Settings>(
  definition: ProcessDefinition<S>,
  { args, env }: ProcessInput,
): Promise<void> {
  try {
    const election = definition.election === "none" ? {} : ELECTION_SETTINGS;
    const known = { ...PROCESS_SETTINGS, ...election, ...definition.settings };
    if (args.includes("--help")) {
      process.stdout.write(describeSettings(known));
      return;
    }
    const settings = readSettings(known, { args, env }) as AllValues<S>;
    const log = createLogger({ name: definition.name, level: settings["log-level"] });
    await new PartProcess({ definition, settings, env, log }).run();
  } catch (error) {
    process.stderr.write(sentenceOf(error));
    process.exit(1);
  }
}

/** "code: sentence" and the hint. */
function sentenceOf(error: unknown): string {
  const { code, message, hint, stack } = error as Partial<Error & { code: string; hint: string }>;
  if (code === undefined || message === undefined) return `${stack ?? error}\n`;
  return `${code}: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`;
}
