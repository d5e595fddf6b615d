import { start } from "@jdos/controller-manager";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

export function controllerManagerPart({ log, metrics, pki }: Context, clientFor: ClientFactory): Part {
  return {
    name: "controller-manager",
    start: async () =>
      start({
        client: await clientFor(IDENTITIES.controllerManager),
        log: log.child({ component: "controller-manager" }),
        metrics,
        rootCaPem: pki.authority.certPem,
      }),
  };
}
