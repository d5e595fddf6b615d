import { start } from "@jdos/cni";
import type { Context } from "../context.ts";
import type { Part } from "../part.ts";

export function cniPart({ names, paths, log, metrics }: Context): Part {
  return {
    name: "cni",
    start: () =>
      start({
        instance: names.instance,
        bridge: names.bridge,
        podCidr: names.pods.range,
        gateway: names.pods.gateway,
        serviceCidr: names.services.range,
        openToConfined: [
          { protocol: "udp", address: names.services.dns, port: 53 },
          { protocol: "tcp", address: names.services.dns, port: 53 },
          { protocol: "tcp", address: names.services.registry, port: 5000 },
          // The registry sends its clients there for tokens; Pods are served nothing else (platform-api's start.ts).
          { protocol: "tcp", address: names.pods.gateway, port: names.ports.platform },
        ],
        runDir: names.runDir,
        dataDir: paths.cni,
        cniBinDir: paths.cniBin,
        cniConfDir: paths.cniConf,
        log: log.child({ component: "cni" }),
        metrics,
      }),
  };
}
