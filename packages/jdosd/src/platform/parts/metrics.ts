import { start } from "@jdos/metrics";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

/** Tells Prometheus what there is to scrape. Prometheus itself is a Pod that nothing waits for. */
export function metricsPart(context: Context, clientFor: ClientFactory): Part {
  const { log } = context;
  return {
    name: "metrics",
    start: async () =>
      start({
        client: await clientFor(IDENTITIES.prometheus),
        log: log.child({ component: "metrics" }),
        directory: metricsDirectory(context),
      }),
  };
}

/** Shared with the Prometheus Pod. */
export function metricsDirectory({ names }: Pick<Context, "names">): string {
  return `${names.runDir}/metrics`;
}
