import type { EndpointSlice, Service } from "@jdos/api";
import { EndpointSlices, Services } from "@jdos/api";
import { type DeepReadonly, formatKey, keyOf, parseKey } from "@jdos/apimachinery";
import type { Informer, InformerFactory, Stored } from "@jdos/client";
import type { Histogram, Logger } from "@jdos/component-base";
import { forgetFlows } from "./conntrack.ts";
import { ServiceProxyError } from "./errors.ts";
import { type Frontend, frontendsOf } from "./frontend.ts";
import type { RunCommand } from "./options.ts";
import type { RulesetOptions } from "./ruleset.ts";
import { ServiceTable } from "./service-table.ts";

export interface RuleWriterOptions {
  informers: InformerFactory;
  layout: RulesetOptions;
  nodeName?: string;
  run: RunCommand;
  log: Logger;
  seconds?: Histogram;
}

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const RETRY_MILLIS = 1000;

/** Keeps the kernel's table equal to the Services and EndpointSlices that the informers hold. */
export class RuleWriter {
  readonly #options: RuleWriterOptions;
  readonly #table: ServiceTable;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #dirty = new Set<string>();
  #rebuild = true;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #ready = false;

  constructor(options: RuleWriterOptions) {
    this.#options = options;
    this.#table = new ServiceTable(options.layout);
    this.#services = options.informers.for(Services);
    this.#slices = options.informers.for(EndpointSlices);
    this.#slices.addIndex("service", (slice) => serviceKeysOf(slice));
    const service = (object: Stored<Service>) => this.#mark([formatKey(keyOf(object))]);
    const slice = (object: Stored<EndpointSlice>) => this.#mark(serviceKeysOf(object));
    this.#services.addHandlers({ added: service, updated: service, deleted: service });
    this.#slices.addHandlers({
      added: slice,
      updated: (object, old) => this.#mark([...serviceKeysOf(object), ...serviceKeysOf(old)]),
      deleted: slice,
    });
  }

  /** Writes the whole table once everything is known; what the kernel has stays in force until then. */
  async begin(): Promise<void> {
    this.#ready = true;
    await this.#sync();
    if (this.#rebuild) {
      throw new ServiceProxyError(
        "ApplyFailed",
        "Cannot write the rules of Services: nftables refused them",
        {
          hint: "See the log above, and check `nft list tables`",
        },
      );
    }
  }

  /** Writes the table anew if somebody removed it. */
  async repair(): Promise<void> {
    const { run, layout, log } = this.#options;
    const argv = ["nft", "list", "chain", "inet", layout.table, "prerouting"] as const;
    const { exitCode } = await run([...argv], { okExitCodes: [0, 1] });
    if (exitCode === 0) return;
    log.warn({ table: layout.table }, "Rules of Services are missing, writing them anew");
    this.#rebuild = true;
    await this.#sync();
  }

  async stop(): Promise<void> {
    this.#ready = false;
    clearTimeout(this.#retry);
    await this.#running;
  }

  #mark(keys: readonly string[]): void {
    for (const key of keys) this.#dirty.add(key);
    if (this.#ready) void this.#sync();
  }

  /** One transaction at a time; what changes meanwhile goes into the next. */
  #sync(): Promise<void> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
      if (this.#dirty.size > 0 && this.#retry === undefined && this.#ready) void this.#sync();
    });
    return this.#running;
  }

  async #drain(): Promise<void> {
    // Events of one moment become one transaction.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#ready && (this.#rebuild || this.#dirty.size > 0)) await this.#apply();
    } catch (error) {
      this.#rebuild = true;
      this.#options.log.error({ err: error }, "Failed to write the rules of Services");
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        void this.#sync();
      }, RETRY_MILLIS);
    }
  }

  async #apply(): Promise<void> {
    const { run, log, seconds } = this.#options;
    const started = performance.now();
    if (this.#rebuild) {
      this.#dirty.clear();
      const keys = this.#services.lister.list().map((service) => formatKey(keyOf(service)));
      const script = this.#table.rebuild(this.#wanted(keys));
      await run(["nft", "-f", "-"], { input: script });
      this.#rebuild = false;
      log.info({ services: keys.length, millis: Math.round(performance.now() - started) }, "Wrote all rules");
      return;
    }
    const keys = [...this.#dirty];
    this.#dirty.clear();
    const { script, stale } = this.#table.change(this.#wanted(keys));
    if (script === "") return;
    await run(["nft", "-f", "-"], { input: script });
    seconds?.observe((performance.now() - started) / 1000);
    await forgetFlows(run, stale).catch((error) => log.warn({ err: error }, "Failed to forget UDP flows"));
  }

  #wanted(keys: readonly string[]): Map<string, Frontend[]> {
    return new Map(keys.map((key) => [key, this.#frontends(key)]));
  }

  #frontends(key: string): Frontend[] {
    const service = this.#services.lister.get(parseKey(key));
    if (service === undefined) return [];
    const slices = this.#slices.lister.byIndex("service", key);
    return frontendsOf(
      service as DeepReadonly<Service>,
      slices as readonly DeepReadonly<EndpointSlice>[],
      this.#options.nodeName,
    );
  }
}

function serviceKeysOf({ metadata }: Stored<EndpointSlice>): string[] {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? [] : [`${metadata.namespace ?? ""}/${name}`];
}
