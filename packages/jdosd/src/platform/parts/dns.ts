import { join } from "node:path";
import { findDetached, isRunning, type ProcessIdentity, startDetached } from "@jdos/component-base";
import type { Context } from "../context.ts";
import type { Part } from "../part.ts";

/** The name server, detached: it goes on answering while jdosd is away, and is found again. */
export function dnsPart({ names, paths, options }: Context): Part {
  const pidFile = `${names.runDir}/dns.pid`;
  let running: ProcessIdentity | undefined;
  return {
    name: "dns",
    async start() {
      running =
        findDetached(pidFile) ??
        (await startDetached({
          command: process.execPath,
          args: [
            "--disable-warning=ExperimentalWarning",
            "--max-semi-space-size=2",
            join(options.repository, "packages/dns/src/main.ts"),
            "--kubeconfig",
            paths.dnsKubeconfig,
            "--listen-address",
            names.pods.gateway,
            ...[names.pods.range, names.services.range].flatMap((range) => ["--reverse-cidr", range]),
          ],
          pidFile,
          logFile: paths.dnsLog,
        }));
      return { stop: async () => {} };
    },
    check() {
      if (running !== undefined && !isRunning(running)) throw new Error("the name server has ended");
    },
  };
}
