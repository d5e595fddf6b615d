import { mkdir } from "node:fs/promises";
import type { RegistryStorageState } from "@jdos/api";
import type { Client } from "@jdos/client";
import type { Logger, Metrics } from "@jdos/component-base";
import { layoutOf } from "./layout.ts";
import { neededDigests } from "./needed.ts";
import { publish } from "./publish.ts";
import { Manifests } from "./repository.ts";
import { sweep } from "./sweep.ts";
import { type Disk, measure } from "./usage.ts";

export interface RegistryStorageOptions {
  /** Of the user system:serviceaccount:jdos-system:registry-storage. */
  client: Client;
  log: Logger;
  /** The registry's rootdirectory. */
  directory: string;
  /** "80%" of the disk, or a quantity. Defaults to 80%. */
  limit?: string;
  /** Where the ConfigMap registry-storage is. Defaults to jdos-system. */
  namespace?: string;
  /** How often it measures. Defaults to 30. */
  measureSeconds?: number;
  /** How often it sweeps. Defaults to 600. */
  sweepSeconds?: number;
  /** Nothing goes that was pushed since. Defaults to 3600. */
  graceSeconds?: number;
  /** The same while the registry is full. Defaults to 600, or graceSeconds when that is less. */
  fullGraceSeconds?: number;
  /** An upload goes that nobody has written to for so long. Defaults to 21600. */
  uploadGraceSeconds?: number;
  /** Defaults to statfs of the directory. */
  disk?: () => Promise<Disk>;
  metrics?: Metrics;
}

export interface RegistryStorage {
  /** As it was measured last. */
  readonly state: RegistryStorageState;
  stop(): Promise<void>;
}

/** Measures and sweeps the registry's directory until it is stopped. Resolves when it has measured once. */
export async function start(options: RegistryStorageOptions): Promise<RegistryStorage> {
  const { log, measureSeconds = 30 } = options;
  const keeper = new Keeper(options);
  await keeper.round();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const later = (): void => {
    timer = setTimeout(() => {
      running = keeper
        .round()
        .catch((err: unknown) => log.error({ err }, "Failed to look after the registry's directory"))
        .then(() => (stopped ? undefined : later()));
    }, measureSeconds * 1000);
    timer.unref();
  };
  later();
  return {
    get state() {
      return keeper.state;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** One round after another; of one directory only one keeper may be at work. */
class Keeper {
  readonly #options: RegistryStorageOptions;
  readonly #manifests: Manifests;
  #nextSweep: number;
  state: RegistryStorageState = { usedBytes: 0, limitBytes: 0, state: "Ok" };

  constructor(options: RegistryStorageOptions) {
    this.#options = options;
    this.#manifests = new Manifests(layoutOf(options.directory));
    // What serves starts first.
    this.#nextSweep = performance.now() + Math.min(60, options.sweepSeconds ?? 600) * 1000;
  }

  async round(): Promise<void> {
    const { client, directory, namespace = "jdos-system", sweepSeconds = 600, metrics, log } = this.#options;
    await mkdir(directory, { recursive: true });
    let state = await measure(this.#options);
    const isNewlyFull = state.state === "Full" && this.state.state === "Ok";
    if (isNewlyFull || performance.now() >= this.#nextSweep) {
      this.#nextSweep = performance.now() + sweepSeconds * 1000;
      await this.#sweep(state.state);
      state = await measure(this.#options);
    }
    if (state.state !== this.state.state)
      log[state.state === "Full" ? "warn" : "info"](state, "The registry's state changed");
    this.state = state;
    metrics
      ?.gauge({ name: "jdos_registry_used_bytes", help: "Size of all blobs of the registry." })
      .set(state.usedBytes);
    metrics
      ?.gauge({ name: "jdos_registry_limit_bytes", help: "What the registry may hold." })
      .set(state.limitBytes);
    metrics
      ?.gauge({ name: "jdos_registry_full", help: "1 while no push may begin." })
      .set(state.state === "Full" ? 1 : 0);
    await publish(client, namespace, state);
  }

  async #sweep(state: RegistryStorageState["state"]): Promise<void> {
    const {
      client,
      log,
      metrics,
      directory,
      graceSeconds = 3600,
      uploadGraceSeconds = 21_600,
    } = this.#options;
    const { fullGraceSeconds = Math.min(600, graceSeconds) } = this.#options;
    const needed = await neededDigests(client).catch((err: unknown) => {
      log.warn({ err }, "Cannot read which images are needed: no manifest is deleted");
      return undefined;
    });
    const result = await sweep({
      layout: layoutOf(directory),
      manifests: this.#manifests,
      graceMillis: (state === "Full" ? fullGraceSeconds : graceSeconds) * 1000,
      uploadGraceMillis: uploadGraceSeconds * 1000,
      needed,
      now: Date.now(),
    });
    metrics
      ?.counter({ name: "jdos_registry_freed_bytes_total", help: "Size of the blobs that were deleted." })
      .inc(result.freedBytes);
    if (Object.values(result).some((count) => count > 0)) log.info({ ...result }, "Swept the registry");
  }
}
