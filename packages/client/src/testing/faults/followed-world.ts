import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConfigMap, ConfigMaps, Namespaces } from "@jdos/api";
import { createMetrics, type Metrics } from "@jdos/component-base";
import { silentLogger } from "@jdos/component-base/testing";
import type { Client, Stored } from "../../client.ts";
import { createHttpClient, type HttpClientOptions } from "../../http/http-client.ts";
import { createInformerFactory } from "../../informer/informer-factory.ts";
import type { Informer } from "../../informer-contract.ts";
import type { FaultyProxy, SeenRequest } from "./faulty-proxy.ts";

export interface FollowedWorldOptions {
  /** A client that goes around the proxy. */
  admin(): Client;
  proxy: FaultyProxy;
  http?: Partial<HttpClientOptions>;
}

const SETTLE_MILLIS = 60_000;

/** The ConfigMaps of a namespace of their own, followed by an informer through a faulty proxy. */
export class FollowedWorld {
  readonly namespace: string;
  readonly client: Client;
  readonly metrics: Metrics = createMetrics();
  readonly informer: Informer<ConfigMap>;
  readonly #admin: () => Client;
  readonly #proxy: FaultyProxy;
  readonly #factory: ReturnType<typeof createInformerFactory>;
  /** Told of each object, by uid: "added 5", "updated 7", "deleted". */
  readonly #told = new Map<string, string[]>();

  private constructor(namespace: string, { admin, proxy, http }: FollowedWorldOptions) {
    this.namespace = namespace;
    this.#admin = admin;
    this.#proxy = proxy;
    this.client = createHttpClient({
      server: proxy.url,
      timeoutSeconds: 10,
      watchSilenceSeconds: 1.5,
      metrics: this.metrics,
      ...http,
    });
    this.#factory = createInformerFactory(this.client, { log: silentLogger(), metrics: this.metrics });
    this.informer = this.#factory.for(ConfigMaps, { namespace, labelSelector: "world=followed" });
    this.informer.addHandlers({
      added: (object) => this.#tell(object, `added ${object.metadata.resourceVersion}`),
      updated: (object) => this.#tell(object, `updated ${object.metadata.resourceVersion}`),
      deleted: (object) => this.#tell(object, "deleted"),
    });
  }

  static async create(options: FollowedWorldOptions): Promise<FollowedWorld> {
    const { metadata } = await options
      .admin()
      .create(Namespaces, { metadata: { generateName: "followed-" } });
    return new FollowedWorld(metadata.name, options);
  }

  #tell(object: Stored<ConfigMap>, what: string): void {
    const told = this.#told.get(object.metadata.uid) ?? [];
    this.#told.set(object.metadata.uid, [...told, what]);
  }

  start(): void {
    this.#factory.start();
  }

  synced(): Promise<void> {
    return this.#factory.waitForSync(AbortSignal.timeout(SETTLE_MILLIS));
  }

  async write(name: string, data: Record<string, string> = {}): Promise<void> {
    const metadata = { namespace: this.namespace, name, labels: { world: "followed" } };
    await this.#admin().create(ConfigMaps, { metadata, data });
  }

  async change(name: string, data: Record<string, string>): Promise<void> {
    await this.#admin().patch(
      ConfigMaps,
      { namespace: this.namespace, name },
      { type: "merge", body: { data } },
    );
  }

  async remove(name: string): Promise<void> {
    await this.#admin().delete(ConfigMaps, { namespace: this.namespace, name });
  }

  /** Things happen: creations, changes, deletions, and one that comes again under its name. */
  async live(prefix: string): Promise<void> {
    for (let index = 0; index < 4; index++) await this.write(`${prefix}-${index}`);
    await this.change(`${prefix}-0`, { n: "1" });
    await this.remove(`${prefix}-1`);
    await this.write(`${prefix}-1`, { again: "é✓" });
    await this.remove(`${prefix}-2`);
    await this.change(`${prefix}-3`, { n: "2" });
  }

  /** Requests of this world's informer. */
  requests(): SeenRequest[] {
    return this.#proxy.requests.filter(({ path }) => path.includes(`/${this.namespace}/`));
  }

  /**
   * Waits until the informer's memory is the server's; then nothing may have been lost, doubled or made up.
   */
  async settled(): Promise<void> {
    const until = performance.now() + SETTLE_MILLIS;
    for (;;) {
      const { items } = await this.#admin().list(ConfigMaps, {
        namespace: this.namespace,
        labelSelector: "world=followed",
      });
      const ours = this.informer.lister.list();
      const same = revisions(ours) === revisions(items);
      if (same || performance.now() > until) {
        assert.deepEqual(byName(ours), byName(items));
        break;
      }
      await sleep(10);
    }
    this.#assertToldOnce();
  }

  #assertToldOnce(): void {
    const present = new Set(this.informer.lister.list().map(({ metadata }) => metadata.uid));
    for (const [uid, told] of this.#told) {
      assert.equal(new Set(told).size, told.length, `told twice: ${told}`);
      assert.match(told[0]!, /^added/);
      assert.equal(told.filter((what) => what.startsWith("added")).length, 1, `added again: ${told}`);
      assert.equal(told.at(-1) === "deleted", !present.has(uid), `the last word is wrong: ${told}`);
    }
    for (const uid of present) assert.ok(this.#told.has(uid), `never told of ${uid}`);
  }

  /** The sum of a counter's values that carry these labels. */
  async count(name: string, labels: Record<string, string> = {}): Promise<number> {
    const metric = await this.metrics.registry.getSingleMetric(name)?.get();
    const wanted = Object.entries(labels);
    return (metric?.values ?? [])
      .filter(({ labels: own }) =>
        wanted.every(([key, value]) => (own as Record<string, unknown>)[key] === value),
      )
      .reduce((sum, { value }) => sum + value, 0);
  }

  async stop(): Promise<void> {
    await this.#factory.stop();
    await this.client.close();
  }
}

function byName(objects: readonly Stored<ConfigMap>[]): object {
  return Object.fromEntries(objects.map((object) => [object.metadata.name, object]));
}

function revisions(objects: readonly Stored<ConfigMap>[]): string {
  return objects
    .map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`)
    .sort()
    .join();
}
