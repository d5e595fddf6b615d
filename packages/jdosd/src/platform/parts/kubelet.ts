import { start } from "@jdos/kubelet";
import { type ClientFactory, type Context, nodeIdentity } from "../context.ts";
import type { Part } from "../part.ts";

export function kubeletPart(context: Context, clientFor: ClientFactory): Part {
  const { names, options, paths, pki, credentials, log, metrics } = context;
  return {
    name: "kubelet",
    start: async () =>
      start({
        client: await clientFor(nodeIdentity(options.nodeName)),
        log: log.child({ component: "kubelet" }),
        nodeName: options.nodeName,
        // The bridge's address stays when the machine moves to another network.
        nodeAddress: names.pods.gateway,
        containerdSocket: names.run.containerdSocket,
        rootDir: paths.kubelet,
        cgroupParent: names.cgroupParent,
        clusterDns: [names.services.dns],
        tls: { ...pki.kubelet, clientCaPem: pki.authority.certPem },
        registryCredentials: [
          { host: "registry.jdos.internal", username: "node", password: credentials.nodePassword },
        ],
        keepImages: ["registry.jdos.internal/jdos/"],
        metrics,
      }),
  };
}
