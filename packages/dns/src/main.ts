import { createHttpClient, loadKubeconfig } from "@jdos/client";
import { createLogger, onTerminationSignal } from "@jdos/component-base";
import { DnsError } from "./errors.ts";
import { readConfig } from "./options.ts";
import { start } from "./start.ts";

async function main(): Promise<void> {
  const { kubeconfig, logLevel = "info", ...options } = readConfig(process.argv.slice(2));
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

main().catch((error) => {
  process.stderr.write(
    `${error instanceof DnsError ? `${error.code}: ${error.message}\n${error.hint}` : error}\n`,
  );
  process.exit(1);
});
