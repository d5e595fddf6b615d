/**
 * A kubelet as a process of its own, for tests that kill it: `node kubelet-process.ts <file with KubeletArguments>`.
 * Says "ready" on standard output once it runs.
 */
import { readFileSync } from "node:fs";
import { createHttpClient, type HttpClientOptions } from "@jdos/client";
import { createLogger } from "@jdos/component-base";
import type { KubeletOptions } from "../options.ts";
import { start } from "../start.ts";

export interface KubeletArguments {
  client: HttpClientOptions;
  kubelet: Omit<KubeletOptions, "client" | "log">;
}

const given = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as KubeletArguments;
await start({
  ...given.kubelet,
  client: createHttpClient(given.client),
  log: createLogger({ name: "kubelet", level: "error" }),
});
process.stdout.write("ready\n");
