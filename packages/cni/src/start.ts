import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseRange } from "./address.ts";
import { openAttachmentStore } from "./attachment-store.ts";
import { createBridgeDriver } from "./driver/bridge.ts";
import { installPrograms, uninstall, writeConflist } from "./install.ts";
import { createKeyLock } from "./key-lock.ts";
import { type CniOptions, tableOf } from "./options.ts";
import { releaseLost } from "./reconcile.ts";
import { listen } from "./server.ts";
import type { VerbContext } from "./verbs/context.ts";

export interface RunningCni {
  readonly socketPath: string;
  /** Takes back what belongs to sandboxes that are gone; runs by itself as well. */
  reconcile(): Promise<void>;
  /** Stops serving. The networks of running containers stay. */
  stop(): Promise<void>;
}

/** Sets up the node's Pod network and serves the CNI program. Ready when the promise settles. */
export async function start(options: CniOptions): Promise<RunningCni> {
  const { log, reconcileSeconds = 60, metrics } = options;
  const install = { ...options, socketPath: socketPathOf(options), network: options.bridge };
  const driver = driverOf(options);
  const store = openAttachmentStore({
    path: join(options.dataDir, "attachments.db"),
    range: parseRange(options.podCidr),
    reserved: [options.gateway],
  });
  const context: VerbContext = { store, driver, log, bridge: options.bridge };
  const lock = createKeyLock();

  await driver.setUp();
  const released = await releaseLost({ context, lock, validSandboxes: await options.validAttachments?.() });
  const swept = await driver.sweep(store.list());
  await installPrograms(install);

  const seconds = metrics?.histogram({
    name: "jdos_cni_request_duration_seconds",
    help: "Time of a CNI call in the daemon",
    labels: ["command", "ok"],
  });
  const server = await listen({
    socketPath: install.socketPath,
    context,
    lock,
    observe: (command, ok, value) => seconds?.observe({ command, ok: String(ok) }, value),
  });
  await writeConflist(install);

  const reconcile = async (): Promise<void> => void (await releaseLost({ context, lock }));
  const timer = setInterval(() => {
    reconcile().catch((error) => log.error({ err: error }, "Failed to release lost networks"));
  }, reconcileSeconds * 1000);
  log.info({ bridge: options.bridge, gateway: options.gateway, released, swept }, "Serving the Pod network");
  return {
    socketPath: install.socketPath,
    reconcile,
    stop: async () => {
      clearInterval(timer);
      await new Promise((resolve) => server.close(resolve));
      store.close();
    },
  };
}

/** Removes bridge, interfaces, table and files of an instance; nothing may run on it any more. */
export async function purge(options: CniOptions): Promise<void> {
  await driverOf(options).tearDown();
  await uninstall({ ...options, socketPath: socketPathOf(options) });
  for (const suffix of ["", "-wal", "-shm"])
    await rm(join(options.dataDir, `attachments.db${suffix}`), { force: true });
}

function socketPathOf({ runDir }: CniOptions): string {
  return join(runDir, "cni.sock");
}

function driverOf(options: CniOptions) {
  const { instance, bridge, podCidr, gateway, serviceCidr, mtu = 1500, openToConfined = [] } = options;
  const table = tableOf(instance);
  return createBridgeDriver({ bridge, table, podCidr, gateway, serviceCidr, mtu, openToConfined });
}
