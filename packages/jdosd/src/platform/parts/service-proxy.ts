import { start } from "@jdos/service-proxy";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

export function serviceProxyPart({ names, options, log, metrics }: Context, clientFor: ClientFactory): Part {
  return {
    name: "service-proxy",
    start: async () =>
      start({
        instance: names.instance,
        client: await clientFor(IDENTITIES.serviceProxy),
        log: log.child({ component: "service-proxy" }),
        bridge: names.bridge,
        gateway: names.pods.gateway,
        podCidr: names.pods.range,
        serviceCidr: names.services.range,
        nodeName: options.nodeName,
        metrics,
      }),
  };
}
