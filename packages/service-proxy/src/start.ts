import { createInformerFactory } from "@jdos/client";
import { runCommand } from "@jdos/component-base";
import { type ServiceProxyOptions, tableOf } from "./options.ts";
import { RuleWriter } from "./rule-writer.ts";

export interface RunningServiceProxy {
  /** Stops following. The rules stay in force. */
  stop(): Promise<void>;
}

const REPAIR_MILLIS = 30_000;

/** Leads the addresses of Services to their endpoints. Ready when the promise settles: all rules are written. */
export async function start(options: ServiceProxyOptions): Promise<RunningServiceProxy> {
  const { client, log, instance, bridge, gateway, serviceCidr, podCidr, run = runCommand } = options;
  // Without a route of its own a host without a default route could not reach a Service.
  await run(["ip", "route", "replace", serviceCidr, "dev", bridge, "src", gateway]);

  const informers = createInformerFactory(client, { log });
  const rules = new RuleWriter({
    informers,
    run,
    log,
    nodeName: options.nodeName,
    layout: { table: tableOf(instance), bridge, gateway, podCidr, serviceCidr },
    seconds: options.metrics?.histogram({
      name: "jdos_service_proxy_sync_duration_seconds",
      help: "Time from a change that was seen to the kernel's rules",
    }),
  });
  informers.start();
  try {
    await informers.waitForSync();
    await rules.begin();
  } catch (error) {
    await rules.stop();
    await informers.stop();
    throw error;
  }
  const timer = setInterval(() => {
    rules.repair().catch((error) => log.error({ err: error }, "Failed to check the rules of Services"));
  }, REPAIR_MILLIS);
  return {
    stop: async () => {
      clearInterval(timer);
      await informers.stop();
      await rules.stop();
    },
  };
}

/** Removes the rules and the route of an instance. */
export async function purge({
  instance,
  serviceCidr,
  bridge,
  run = runCommand,
}: Pick<ServiceProxyOptions, "instance" | "serviceCidr" | "bridge" | "run">): Promise<void> {
  const table = tableOf(instance);
  await run(["nft", "-f", "-"], { input: `add table inet ${table}\ndelete table inet ${table}\n` });
  await run(["ip", "route", "del", serviceCidr, "dev", bridge], { okExitCodes: [0, 1, 2] });
}
