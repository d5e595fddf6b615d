import { start } from "@jdos/apiserver";
import { type Client, createHttpClient, type UserInfo } from "@jdos/client";
import type { ClientFactory, Context } from "../context.ts";
import type { Part } from "../part.ts";

type ApiServer = Awaited<ReturnType<typeof start>>;

export interface ApiServerPart extends Part {
  readonly clientFor: ClientFactory;
  /** Opens the door for Pods, once the bridge's address is there. */
  listenForPods(): Promise<void>;
}

/** The API server, and the clients that every other part gets from it. */
export function apiServerPart({ names, options, paths, pki, log }: Context): ApiServerPart {
  let server: ApiServer | undefined;
  const url = `https://127.0.0.1:${names.ports.kubernetes}`;
  const running = (): ApiServer => {
    if (server === undefined) throw new Error("Cannot reach the API server: it has not started");
    return server;
  };
  const overHttp = async ({ name, groups = [] }: UserInfo): Promise<Client> => {
    const { certPem, keyPem } = await pki.clientCertificate(name, groups);
    return createHttpClient({ server: url, ca: pki.authority.certPem, cert: certPem, key: keyPem });
  };
  return {
    name: "apiserver",
    async start() {
      server = await start({
        dataDir: paths.apiserver,
        listen: listenAddresses(options.listenAddress).map((host) => ({
          host,
          port: names.ports.kubernetes,
        })),
        tls: { ...pki.apiserver, clientCaPem: pki.authority.certPem },
        serviceAccountKeyPem: pki.serviceAccountKeyPem,
        serviceCidr: names.services.range,
        advertise: { host: names.pods.gateway, port: names.ports.kubernetes },
        kubeletClientTls: { ...pki.apiserverKubeletClient, caPem: pki.authority.certPem },
        log: log.child({ component: "apiserver" }),
      });
      return server;
    },
    clientFor: (user) =>
      options.transport === "http" ? overHttp(user) : Promise.resolve(running().clientFor(user)),
    async listenForPods() {
      await running().listenOn(names.pods.gateway, names.ports.kubernetes);
    },
  };
}

/** Parts of this machine always find it on 127.0.0.1. */
function listenAddresses(chosen: string): string[] {
  return chosen === "127.0.0.1" || chosen === "0.0.0.0" ? [chosen] : ["127.0.0.1", chosen];
}
