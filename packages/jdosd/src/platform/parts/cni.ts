import { isIPv4 } from "node:net";
import { start } from "@jdos/cni";
import type { RegistryMirror } from "@jdos/component-base";
import type { Context } from "../context.ts";
import type { Part } from "../part.ts";

export function cniPart({ names, options, paths, log, metrics }: Context): Part {
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
          ...options.registryMirrors.flatMap(mirrorListener),
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

/** A mirror that is named by its address may be a Service or the node; one with a name is outside, where builds may go. */
function mirrorListener({ url }: RegistryMirror): { protocol: "tcp"; address: string; port: number }[] {
  const { hostname, port, protocol } = new URL(url);
  if (!isIPv4(hostname)) return [];
  return [
    {
      protocol: "tcp",
      address: hostname,
      port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    },
  ];
}
