import { start } from "@jdos/load-balancer";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

export function loadBalancerPart(context: Context, clientFor: ClientFactory): Part {
  const { names, options, log, metrics } = context;
  return {
    name: "load-balancer",
    start: async () =>
      start({
        client: await clientFor(IDENTITIES.loadBalancer),
        log: log.child({ component: "load-balancer" }),
        configDirectory: haproxyDirectory(context),
        listenAddress: options.listenAddress,
        httpPort: names.ports.routes,
        metrics,
      }),
  };
}

/** Shared with the HAProxy Pod at the same path; short, for the sockets in it. */
export function haproxyDirectory({ names }: Pick<Context, "names">): string {
  return `${names.runDir}/haproxy`;
}
