import type { Client } from "@jdos/client";
import { pushBaseImage } from "../../registry/push-base-image.ts";
import type { Context } from "../context.ts";
import { ROUTES_DOMAIN } from "../manifest-values.ts";
import type { Part } from "../part.ts";
import { accepts, answers, waitForDeployment, waitForListener, waitForNode, waitForRoute } from "../ready.ts";

/** What parts that are Pods need: they are run by the others, and only waited for and looked after here. */
export interface PodPartOptions {
  client: Client;
  signal: AbortSignal;
  /** The archive that the platform's images came from. */
  archive: string;
}

const NOTHING_TO_STOP = { stop: async () => {} };

/** The Node: whether it takes Pods. */
export function nodePart({ options }: Context, wait: PodPartOptions): Part {
  return {
    name: "node",
    async start() {
      await waitForNode(options.nodeName, wait);
      return NOTHING_TO_STOP;
    },
  };
}

/** The registry's Pod, with the base image in it. */
export function registryPart(context: Context, wait: PodPartOptions): Part {
  const listener = { host: context.names.services.registry, port: 5000 };
  return {
    name: "registry",
    async start() {
      await waitForDeployment({ namespace: "jdos-system", name: "registry" }, wait);
      await waitForListener(listener, wait);
      await pushBaseImage(context, wait.archive);
      return NOTHING_TO_STOP;
    },
    check: () => requireListener(listener),
  };
}

/** HAProxy's Pod, which carries the routes. */
export function routesPart({ names, options }: Context, wait: PodPartOptions): Part {
  const host = options.listenAddress === "0.0.0.0" ? "127.0.0.1" : options.listenAddress;
  const listener = { host, port: names.ports.routes };
  return {
    name: "routes",
    async start() {
      await waitForDeployment({ namespace: "jdos-system", name: "haproxy" }, wait);
      await waitForListener(listener, wait);
      return NOTHING_TO_STOP;
    },
    check: () => requireListener(listener),
  };
}

/** The git server's Pod, as git reaches it: by its route. */
export function gitServerPart({ names, options }: Context, wait: PodPartOptions): Part {
  const address = options.listenAddress === "0.0.0.0" ? "127.0.0.1" : options.listenAddress;
  const route = { address, port: names.ports.routes, host: `git.${ROUTES_DOMAIN}`, path: "/healthz" };
  return {
    name: "git-server",
    async start() {
      await waitForDeployment({ namespace: "jdos-system", name: "git-server" }, wait);
      await waitForRoute(route, wait);
      return NOTHING_TO_STOP;
    },
    async check() {
      if (!(await answers(route))) throw new Error(`Nothing answers at ${route.host}`);
    },
  };
}

async function requireListener(at: { host: string; port: number }): Promise<void> {
  if (!(await accepts(at))) throw new Error(`Nothing listens on ${at.host}:${at.port}`);
}
