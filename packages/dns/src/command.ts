import { createLogger, describeSettings, onTerminationSignal } from "@jdos/component-base";
import { connect, type ProcessInput } from "@jdos/controller-runtime";
import { DnsError } from "./errors.ts";
import { PROCESS_SETTINGS, readConfig } from "./options.ts";
import { start } from "./start.ts";

/** Serves until SIGTERM; ends the process with 1 and `code: sentence` when it cannot start. */
export async function main(input: ProcessInput): Promise<void> {
  try {
    if (input.args.includes("--help")) process.stdout.write(describeSettings(PROCESS_SETTINGS));
    else await serve(input);
  } catch (error) {
    const known = error instanceof DnsError;
    process.stderr.write(known ? `${error.code}: ${error.message}\n${error.hint}\n` : `${error}\n`);
    process.exit(1);
  }
}

async function serve(input: ProcessInput): Promise<void> {
  const { kubeconfig, context, logLevel = "info", ...options } = readConfig(input);
  const log = createLogger({ name: "dns", level: logLevel });
  // It reads by watches alone.
  const reach = { kubeconfig, context, "queries-per-second": 0 };
  const { client } = await connect(reach, { name: "dns", env: input.env, log });
  const dns = await start({ ...options, client, log });
  onTerminationSignal(() => {
    void dns
      .stop()
      .then(() => client.close())
      .finally(() => process.exit(0));
  });
}
