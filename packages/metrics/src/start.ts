import { Nodes, Pods } from "@jdos/api";
import { createInformerFactory, createWorkQueue } from "@jdos/client";
import { type Running, systemClock } from "@jdos/component-base";
import type { MetricsOptions } from "./options.ts";
import { TargetFiles } from "./target-files.ts";
import { targetsOf } from "./targets.ts";

const WRITE = "write";
/** Changes of one moment are one change of the files. */
const TOGETHER_MILLIS = 500;

/** Keeps the files of targets as the API says; settles when they say it for the first time. */
export async function start({
  client,
  log,
  directory,
  platformNamespace = "jdos-system",
  clock = systemClock,
}: MetricsOptions): Promise<Running> {
  const informers = createInformerFactory(client, { log, clock });
  const files = new TargetFiles(directory);
  const queue = createWorkQueue({ clock, maxDelayMillis: 10_000 });
  const wake = (): void => queue.addAfter(WRITE, TOGETHER_MILLIS);
  const nodes = informers.for(Nodes);
  const pods = informers.for(Pods);
  nodes.addHandlers({ added: wake, updated: wake, deleted: wake });
  pods.addHandlers({ added: wake, updated: wake, deleted: wake });

  async function write(): Promise<void> {
    const targets = targetsOf({ nodes: nodes.lister.list(), pods: pods.lister.list(), platformNamespace });
    if (targets.leftOut > 0) log.warn({ leftOut: targets.leftOut }, "Too many Pods ask to be scraped");
    await files.write(targets);
  }

  informers.start();
  await informers.waitForSync();
  await write();
  queue.start(async (task) => {
    try {
      await write();
      queue.forget(task);
    } catch (error) {
      log.warn({ err: error }, "Cannot write targets, trying again");
      queue.retry(task);
    }
  });
  return {
    async stop() {
      await queue.stop();
      await informers.stop();
    },
  };
}
