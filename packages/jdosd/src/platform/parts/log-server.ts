import { join } from "node:path";
import { start } from "@jdos/log-server/in-thread";
import { type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

/** Collects, keeps and finds what applications write, in a thread of its own. */
export function logServerPart(context: Context): Part {
  const { options, names, paths, pki, credentials } = context;
  let running: Awaited<ReturnType<typeof start>> | undefined;
  return {
    name: "log-server",
    async start() {
      const { certPem: cert, keyPem: key } = await pki.clientCertificate(IDENTITIES.logServer.name, []);
      const server = `https://127.0.0.1:${names.ports.kubernetes}`;
      running = await start({
        store: {
          provider: "jdos",
          directory: paths.logStore,
          retentionDays: options.logDays,
          diskBytes: options.logBytes,
        },
        listen: { socketPath: logSocket(context) },
        keys: credentials.logKeys,
        collect: {
          nodeName: options.nodeName,
          directory: join(paths.kubelet, "logs"),
          api: { server, ca: pki.authority.certPem, cert, key },
        },
        logFile: paths.logServerLog,
        logLevel: options.logLevel,
      });
      return running;
    },
    check: () => running?.check(),
  };
}

/** Where it answers. */
export function logSocket({ names }: Pick<Context, "names">): string {
  return join(names.runDir, "log-server.sock");
}
