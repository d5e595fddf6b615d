import { createHttpClient, loadKubeconfig } from "@jdos/client";
import { createLogger, onTerminationSignal } from "@jdos/component-base";
import { DnsError } from "./errors.ts";
import { readConfig } from "./options.ts";
import { start } from "./start.ts";

/** Serves until SIGTERM; ends the process with 1 and `code: sentence` when it cannot start. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await serve(args);
  } catch (error) {
    const known = error instanceof DnsError;
    process.stderr.write(known ? `${error.code}: ${error.message}\n${error.hint}\n` : `${error}\n`);
    process.exit(1);
  }
}

async function serve(args: readonly string[]): Promise<void> {
  const { kubeconfig, logLevel = "info", ...options } = readConfig(args);
  const log = createLogger({ name: "dns", level: logLevel });
  const client = createHttpClient(await loadKubeconfig({ path: kubeconfig }));
  const dns = await start({ ...options, client, log });
  onTerminationSignal(() => {
    void dns
      .stop()
      .then(() => client.close())
      .finally(() => process.exit(0));
  });
}
