import assert from "node:assert/strict";
import { after, before, beforeEach, describe } from "node:test";
import { ConfigMaps, Namespaces } from "@jdos/api";
import { type KubeObject, StatusError } from "@jdos/apimachinery";
import { silentLogger } from "@jdos/component-base/testing";
import type { Client, Stored, WatchOptions } from "../client.ts";
import { createInformerFactory } from "../informer/informer-factory.ts";
import type { InformerHandlers } from "../informer-contract.ts";
import type { ContractOptions, ContractSubject } from "./contract.ts";
import { skippingIt } from "./skips.ts";

const namespace = "informers";
const named = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  metadata: { namespace, name, labels },
  data,
});

/** Handlers that write down what they were told, and a way to wait for it. */
function recorder<T extends KubeObject>() {
  const seen: string[] = [];
  let wake = (): void => {};
  const note = (what: string, object: Stored<T>): void => {
    seen.push(`${what} ${object.metadata.name}`);
    wake();
  };
  const handlers: InformerHandlers<T> = {
    added: (object) => note("added", object),
    updated: (object) => note("updated", object),
    deleted: (object) => note("deleted", object),
  };
  const until = async (count: number): Promise<string[]> => {
    while (seen.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return seen;
  };
  return { handlers, seen, until };
}

/** A client whose lists and watches can be counted, broken and refused. */
function meddler(client: Client) {
  const state = { lists: 0, watches: [] as (WatchOptions | undefined)[], expireNext: false, failNext: false };
  let cut = new AbortController();
  const meddled: Client = Object.assign(Object.create(client) as Client, {
    list: (...args: Parameters<Client["list"]>) => {
      state.lists++;
      return client.list(...args);
    },
    watch: async (type: Parameters<Client["watch"]>[0], options: WatchOptions = {}) => {
      state.watches.push(options);
      if (state.expireNext) {
        state.expireNext = false;
        throw new StatusError("Expired", "too old resource version");
      }
      if (state.failNext) {
        state.failNext = false;
        throw new Error("connection refused");
      }
      const signal = AbortSignal.any([options.signal!, cut.signal]);
      return client.watch(type, { ...options, signal });
    },
  });
  const breakWatches = (): void => {
    cut.abort();
    cut = new AbortController();
  };
  return { client: meddled, state, breakWatches };
}

/** What informers promise, whatever server and transport is below them. */
export function informerContract(
  name: string,
  startSubject: () => Promise<Omit<ContractSubject, "advanceClock">>,
  { skips = {} }: ContractOptions = {},
): void {
  const it = skippingIt(skips);
  describe(`createInformerFactory ${name}`, () => {
    let subject: Omit<ContractSubject, "advanceClock">;
    let admin: Client;
    before(async () => {
      subject = await startSubject();
      admin = subject.client;
      await admin.create(Namespaces, { metadata: { name: namespace } });
    });
    beforeEach(() => admin.deleteCollection(ConfigMaps, { namespace }));
    after(() => subject.stop());

    it("for() keeps a Kind in memory and tells of each change", async () => {
      await admin.create(ConfigMaps, named("a"));
      const factory = createInformerFactory(admin);
      const informer = factory.for(ConfigMaps, { namespace });
      const { handlers, until } = recorder();
      informer.addHandlers(handlers);
      assert.equal(informer.synced, false);
      factory.start();
      await factory.waitForSync();
      assert.equal(informer.synced, true);
      await admin.create(ConfigMaps, named("b", { n: "1" }));
      await admin.patch(ConfigMaps, { namespace, name: "b" }, { type: "merge", body: { data: { n: "2" } } });
      await admin.delete(ConfigMaps, { namespace, name: "a" });
      assert.deepEqual(await until(4), ["added a", "added b", "updated b", "deleted a"]);
      assert.equal(informer.lister.get({ namespace, name: "b" })?.data?.n, "2");
      assert.equal(informer.lister.get({ namespace, name: "a" }), undefined);
      assert.deepEqual(
        informer.lister.list(namespace).map(({ metadata }) => metadata.name),
        ["b"],
      );
      assert.deepEqual(informer.lister.list("other"), []);
      await factory.stop();
    });

    it("for() gives the same informer for the same selection, and shows late handlers what is there", async () => {
      await admin.create(ConfigMaps, named("a"));
      const { client, state } = meddler(admin);
      const factory = createInformerFactory(client);
      const informer = factory.for(ConfigMaps, { namespace });
      assert.equal(factory.for(ConfigMaps, { namespace }), informer);
      assert.notEqual(factory.for(ConfigMaps, { namespace, labelSelector: "x=y" }), informer);
      factory.start();
      await factory.waitForSync();
      const { handlers, seen } = recorder();
      factory.for(ConfigMaps, { namespace }).addHandlers(handlers);
      assert.deepEqual(seen, ["added a"]);
      assert.equal(state.lists, 2);
      await factory.stop();
    });

    it("byIndex() files objects under what the index names, and follows changes", async () => {
      const factory = createInformerFactory(admin);
      const informer = factory.for(ConfigMaps, { namespace });
      informer.addIndex("colour", ({ metadata }) => [metadata.labels?.colour ?? "none"]);
      const { handlers, until } = recorder();
      informer.addHandlers(handlers);
      factory.start();
      await factory.waitForSync();
      await admin.create(ConfigMaps, named("a", {}, { colour: "red" }));
      await admin.create(ConfigMaps, named("b", {}, { colour: "red" }));
      await admin.patch(
        ConfigMaps,
        { namespace, name: "b" },
        { type: "merge", body: { metadata: { labels: { colour: "blue" } } } },
      );
      await until(3);
      const names = (colour: string) =>
        informer.lister.byIndex("colour", colour).map(({ metadata }) => metadata.name);
      assert.deepEqual([names("red"), names("blue"), names("none")], [["a"], ["b"], []]);
      assert.throws(() => informer.lister.byIndex("shape", "round"), /no such index/);
      await factory.stop();
    });

    it("a broken watch is resumed where it broke, without another list", async () => {
      const { client, state, breakWatches } = meddler(admin);
      const factory = createInformerFactory(client, { log: silentLogger() });
      const { handlers, until, seen } = recorder();
      factory.for(ConfigMaps, { namespace }).addHandlers(handlers);
      factory.start();
      await factory.waitForSync();
      const made = await admin.create(ConfigMaps, named("a"));
      await until(1);
      breakWatches();
      await admin.create(ConfigMaps, named("b"));
      await admin.delete(ConfigMaps, { namespace, name: "b" });
      await admin.create(ConfigMaps, named("c"));
      await until(4);
      assert.deepEqual(seen, ["added a", "added b", "deleted b", "added c"]);
      assert.equal(state.lists, 1);
      assert.equal(state.watches.at(-1)?.resourceVersion, made.metadata.resourceVersion);
      await factory.stop();
    });

    it("a revision that is too old leads to a list, whose differences are told", async () => {
      await admin.create(ConfigMaps, named("kept"));
      await admin.create(ConfigMaps, named("lost"));
      const { client, state, breakWatches } = meddler(admin);
      const factory = createInformerFactory(client, { log: silentLogger() });
      const { handlers, until, seen } = recorder();
      factory.for(ConfigMaps, { namespace }).addHandlers(handlers);
      factory.start();
      await factory.waitForSync();
      state.expireNext = true;
      breakWatches();
      await admin.delete(ConfigMaps, { namespace, name: "lost" });
      await admin.create(ConfigMaps, named("found"));
      await until(4);
      assert.deepEqual(seen.slice(0, 2).sort(), ["added kept", "added lost"]);
      assert.deepEqual(seen.slice(2).sort(), ["added found", "deleted lost"]);
      assert.equal(state.lists, 2);
      await factory.stop();
    });

    it("a server that refuses is asked again", async () => {
      const { client, state } = meddler(admin);
      state.failNext = true;
      const factory = createInformerFactory(client, { log: silentLogger() });
      const { handlers, until } = recorder();
      factory.for(ConfigMaps, { namespace }).addHandlers(handlers);
      factory.start();
      await factory.waitForSync();
      await admin.create(ConfigMaps, named("a"));
      assert.deepEqual(await until(1), ["added a"]);
      assert.ok(state.watches.length >= 2);
      await factory.stop();
    });

    it("an object made again under its name is told as deleted and added", async () => {
      const first = await admin.create(ConfigMaps, named("twin"));
      const { client, state, breakWatches } = meddler(admin);
      const factory = createInformerFactory(client, { log: silentLogger() });
      const informer = factory.for(ConfigMaps, { namespace });
      const { handlers, until } = recorder();
      informer.addHandlers(handlers);
      factory.start();
      await factory.waitForSync();
      state.expireNext = true;
      await admin.delete(ConfigMaps, { namespace, name: "twin" });
      await admin.create(ConfigMaps, named("twin"));
      breakWatches();
      assert.deepEqual(await until(3), ["added twin", "deleted twin", "added twin"]);
      assert.notEqual(informer.lister.get({ namespace, name: "twin" })?.metadata.uid, first.metadata.uid);
      await factory.stop();
    });

    it("a handler that throws does not keep others from hearing", async () => {
      const factory = createInformerFactory(admin, { log: silentLogger() });
      const informer = factory.for(ConfigMaps, { namespace });
      informer.addHandlers({
        added: () => {
          throw new Error("broken handler");
        },
      });
      const { handlers, until } = recorder();
      informer.addHandlers(handlers);
      factory.start();
      await factory.waitForSync();
      await admin.create(ConfigMaps, named("a"));
      await admin.create(ConfigMaps, named("b"));
      assert.deepEqual(await until(2), ["added a", "added b"]);
      await factory.stop();
    });

    it("waitForSync() ends with the signal's reason", async () => {
      const factory = createInformerFactory(admin);
      const informer = factory.for(ConfigMaps, { namespace });
      const controller = new AbortController();
      const waiting = informer.waitForSync(controller.signal);
      controller.abort(new Error("enough"));
      await assert.rejects(waiting, { message: "enough" });
      await factory.stop();
    });
  });
}
