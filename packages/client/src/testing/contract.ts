import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { ConfigMaps, Deployments, Namespaces, Nodes, type Pod, Pods, Secrets } from "@jdos/api";
import { isStatus, type KubeObject, type StatusReason } from "@jdos/apimachinery";
import type { Client, Stored, WatchEvent } from "../client.ts";
import { type Skips, skippingIt } from "./skips.ts";

/** A server with one client of it that may do everything. */
export interface ContractSubject {
  client: Client;
  /** Moves the server's clock, or what has the same effect: its history grows old. */
  advanceClock(seconds: number): void | Promise<void>;
  stop(): Promise<void>;
}

export interface ContractOptions {
  /** Titles of promises that this server cannot keep, each with the reason. */
  skips?: Skips;
}

const namespace = "contract";
const key = (name: string) => ({ namespace, name });
const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  metadata: { namespace, name, labels },
  data,
});

function refusedAs(...reasons: StatusReason[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isStatus(error, ...reasons), `${error} is not StatusError ${reasons.join(" or ")}`);
    return true;
  };
}

/** The first `count` events; ends the watch. */
async function take<T extends KubeObject>(
  stream: AsyncIterable<WatchEvent<T>>,
  count: number,
): Promise<WatchEvent<T>[]> {
  const events: WatchEvent<T>[] = [];
  for await (const event of stream) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

function summary<T extends KubeObject>(event: WatchEvent<T>): string {
  return event.type === "BOOKMARK" ? "BOOKMARK" : `${event.type} ${event.object.metadata.name}`;
}

/** What every implementation of Client promises. */
export function clientContract(
  name: string,
  startSubject: () => Promise<ContractSubject>,
  { skips = {} }: ContractOptions = {},
): void {
  const it = skippingIt(skips);
  describe(`Client ${name}`, () => {
    let subject: ContractSubject;
    let client: Client;
    before(async () => {
      subject = await startSubject();
      client = subject.client;
      await client.create(Namespaces, { metadata: { name: namespace } });
    });
    after(() => subject.stop());

    describe("reads", () => {
      it("get() gives a typed and named object, frozen all the way down", async () => {
        await client.create(ConfigMaps, configMap("frozen", { a: "1" }));
        const found = await client.get(ConfigMaps, key("frozen"));
        assert.equal(found.apiVersion, "v1");
        assert.equal(found.kind, "ConfigMap");
        assert.ok(found.metadata.uid);
        assert.throws(() => Object.assign(found.data!, { a: "2" }), TypeError);
        assert.throws(() => Object.assign(found.metadata, { name: "x" }), TypeError);
      });

      it("get() of what is not there throws NotFound with Kubernetes' sentence", async () => {
        await assert.rejects(client.get(Deployments, key("missing")), (error) => {
          assert.ok(isStatus(error, "NotFound"));
          assert.equal(error.message, 'deployments.apps "missing" not found');
          assert.equal(error.code, 404);
          return true;
        });
      });

      it("list() types its items and selects by label, field and namespace", async () => {
        await client.create(ConfigMaps, configMap("red", {}, { color: "red", shape: "round" }));
        await client.create(ConfigMaps, configMap("blue", {}, { color: "blue", shape: "round" }));
        const names = async (options: object) => {
          const { items } = await client.list(ConfigMaps, { namespace, ...options });
          return items.map((item) => item.metadata.name).sort();
        };
        assert.deepEqual(await names({ labelSelector: "shape=round" }), ["blue", "red"]);
        assert.deepEqual(await names({ labelSelector: "shape=round,color notin (red)" }), ["blue"]);
        assert.deepEqual(await names({ fieldSelector: "metadata.name=red" }), ["red"]);
        const everywhere = await client.list(ConfigMaps, { labelSelector: "color=red" });
        assert.equal(everywhere.items.length, 1);
        assert.equal(everywhere.items[0]!.kind, "ConfigMap");
        assert.ok(Object.isFrozen(everywhere.items[0]!.metadata));
        assert.match(everywhere.metadata.resourceVersion, /^\d+$/);
      });

      it("list() gives pages that continue where the last ended", async () => {
        for (let index = 0; index < 5; index++)
          await client.create(ConfigMaps, configMap(`page-${index}`, {}, { page: "yes" }));
        const seen: string[] = [];
        let token: string | undefined;
        let pages = 0;
        do {
          const page = await client.list(ConfigMaps, {
            namespace,
            labelSelector: "page=yes",
            limit: 2,
            continue: token,
          });
          seen.push(...page.items.map(({ metadata }) => metadata.name));
          token = page.metadata.continue;
          pages++;
        } while (token);
        assert.equal(pages, 3);
        assert.deepEqual(seen, ["page-0", "page-1", "page-2", "page-3", "page-4"]);
      });

      it("list() refuses a selector that cannot be read", async () => {
        await assert.rejects(
          client.list(ConfigMaps, { namespace, labelSelector: "a in (b" }),
          refusedAs("BadRequest"),
        );
      });
    });

    describe("writes", () => {
      it("create() normalises as JSON would, and leaves the caller's object alone", async () => {
        const given = {
          metadata: { namespace, name: "normal", labels: { a: "1", b: undefined } },
          data: { x: "1", y: undefined },
        };
        const created = await client.create(ConfigMaps, given as never);
        assert.deepEqual(created.data, { x: "1" });
        assert.deepEqual(created.metadata.labels, { a: "1" });
        given.data.x = "2";
        assert.equal((await client.get(ConfigMaps, key("normal"))).data?.x, "1");
      });

      it("create() of a taken name throws AlreadyExists", async () => {
        await client.create(ConfigMaps, configMap("taken"));
        await assert.rejects(client.create(ConfigMaps, configMap("taken")), refusedAs("AlreadyExists"));
      });

      it("create() appends to generateName", async () => {
        const made = await client.create(ConfigMaps, { metadata: { namespace, generateName: "made-" } });
        assert.match(made.metadata.name, /^made-[a-z0-9]{5}$/);
      });

      it("create() of an invalid object throws Invalid with the field's path", async () => {
        const pod: Pod = {
          metadata: { namespace, name: "invalid" },
          spec: { containers: [{ name: "Not A Name", image: "i" }] },
        };
        await assert.rejects(client.create(Pods, pod), (error) => {
          assert.ok(isStatus(error, "Invalid"), String(error));
          assert.equal(error.code, 422);
          assert.ok(
            error.details?.causes?.some(({ field }) => field === "spec.containers[0].name"),
            JSON.stringify(error.details),
          );
          return true;
        });
      });

      it("update() refuses a stale object with Conflict and takes a fresh one", async () => {
        const first = await client.create(ConfigMaps, configMap("locked", { n: "1" }));
        const second = await client.update(ConfigMaps, { ...first, data: { n: "2" } });
        assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
        await assert.rejects(
          client.update(ConfigMaps, { ...first, data: { n: "3" } }),
          refusedAs("Conflict"),
        );
        assert.equal((await client.get(ConfigMaps, key("locked"))).data?.n, "2");
      });

      it("update() of a subresource writes that part alone", async () => {
        const pod = await client.create(Pods, {
          metadata: { namespace, name: "parts" },
          spec: { containers: [{ name: "c", image: "i" }] },
        });
        const status = { phase: "Running" };
        const next = {
          ...pod,
          metadata: { ...pod.metadata, labels: { not: "written" } },
          status,
        } as Stored<Pod>;
        const written = await client.update<Pod>(Pods, next, { subresource: "status" });
        assert.equal(written.status?.phase, "Running");
        const again = {
          ...written,
          metadata: { ...written.metadata, labels: { is: "written" } },
          status: { phase: "Failed" },
        } as Stored<Pod>;
        const labelled = await client.update<Pod>(Pods, again);
        assert.equal(labelled.status?.phase, "Running");
        assert.equal(labelled.metadata.labels?.is, "written");
      });

      it("patch() speaks JSON Patch, merge patch and strategic merge patch", async () => {
        const labels = { app: "patched" };
        const containers = [
          { name: "a", image: "a1" },
          { name: "b", image: "b1" },
        ];
        const spec = {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers } },
        };
        await client.create(Deployments, { metadata: { namespace, name: "patched" }, spec });
        const images = (found: Awaited<ReturnType<typeof client.get<object>>>) =>
          (
            found as { spec?: { template: { spec: { containers: { image: string }[] } } } }
          ).spec!.template.spec.containers.map(({ image }) => image);
        const body = { spec: { template: { spec: { containers: [{ name: "b", image: "b2" }] } } } };
        const merged = await client.patch(Deployments, key("patched"), { type: "strategic", body });
        assert.deepEqual(images(merged), ["a1", "b2"]);
        const json = await client.patch(Deployments, key("patched"), {
          type: "json",
          body: [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "a3" }],
        });
        assert.deepEqual(images(json), ["a3", "b2"]);
        const replaced = await client.patch(Deployments, key("patched"), {
          type: "merge",
          body: { metadata: { labels: { x: "1" } }, spec: { paused: true } },
        });
        assert.equal(replaced.spec?.paused, true);
        const removed = await client.patch(Deployments, key("patched"), {
          type: "merge",
          body: { metadata: { labels: { x: null } } },
        });
        assert.equal(removed.metadata.labels?.x, undefined);
      });

      it("patch() of what is not there throws NotFound, and with a stale resourceVersion Conflict", async () => {
        await assert.rejects(
          client.patch(ConfigMaps, key("missing"), { type: "merge", body: {} }),
          refusedAs("NotFound"),
        );
        const first = await client.create(ConfigMaps, configMap("stale"));
        await client.update(ConfigMaps, { ...first, data: { a: "1" } });
        const body = { metadata: { resourceVersion: first.metadata.resourceVersion }, data: { a: "2" } };
        await assert.rejects(
          client.patch(ConfigMaps, key("stale"), { type: "merge", body }),
          refusedAs("Conflict"),
        );
      });

      it("a dry run answers as if it were done and does nothing", async () => {
        const created = await client.create(ConfigMaps, configMap("dry"), { dryRun: true });
        assert.ok(created.metadata.uid);
        await assert.rejects(client.get(ConfigMaps, key("dry")), refusedAs("NotFound"));
        await client.create(ConfigMaps, configMap("wet", { a: "1" }));
        await client.patch(
          ConfigMaps,
          key("wet"),
          { type: "merge", body: { data: { a: "2" } } },
          { dryRun: true },
        );
        await client.delete(ConfigMaps, key("wet"), { dryRun: true });
        assert.equal((await client.get(ConfigMaps, key("wet"))).data?.a, "1");
      });

      it("fieldValidation Strict refuses a field there is not", async () => {
        const given = { ...configMap("strict"), unknown: 1 };
        await assert.rejects(
          client.create(ConfigMaps, given as never, { fieldValidation: "Strict" }),
          refusedAs("BadRequest"),
        );
      });

      it("createSubresource() binds a Pod", async () => {
        await client.create(Pods, {
          metadata: { namespace, name: "bound" },
          spec: { containers: [{ name: "c", image: "i" }] },
        });
        const target = { apiVersion: "v1", kind: "Node", name: "n1" };
        const body = { apiVersion: "v1", kind: "Binding", metadata: { namespace, name: "bound" }, target };
        await client.createSubresource(Pods, key("bound"), "binding", body);
        const found = await client.get(Pods, key("bound"));
        assert.equal(found.spec?.nodeName, "n1");
        await assert.rejects(
          client.createSubresource(Pods, key("bound"), "binding", body),
          refusedAs("Conflict"),
        );
      });
    });

    describe("deletes", () => {
      it("delete() removes, and throws NotFound the second time", async () => {
        await client.create(ConfigMaps, configMap("gone"));
        await client.delete(ConfigMaps, key("gone"));
        await assert.rejects(client.delete(ConfigMaps, key("gone")), refusedAs("NotFound"));
      });

      it("delete() with the uid of another object throws Conflict", async () => {
        await client.create(ConfigMaps, configMap("guarded"));
        const preconditions = { uid: "00000000-0000-0000-0000-000000000000" };
        await assert.rejects(
          client.delete(ConfigMaps, key("guarded"), { preconditions }),
          refusedAs("Conflict"),
        );
        assert.ok(await client.get(ConfigMaps, key("guarded")));
      });

      it("delete() leaves an object with a finalizer until that is taken off", async () => {
        const metadata = { namespace, name: "final", finalizers: ["example.com/hold"] };
        await client.create(ConfigMaps, { metadata });
        await client.delete(ConfigMaps, key("final"));
        assert.ok((await client.get(ConfigMaps, key("final"))).metadata.deletionTimestamp);
        await client.patch(ConfigMaps, key("final"), {
          type: "merge",
          body: { metadata: { finalizers: null } },
        });
        await assert.rejects(client.get(ConfigMaps, key("final")), refusedAs("NotFound"));
      });

      it("deleteCollection() removes what is selected and nothing else", async () => {
        for (const [name, doomed] of [
          ["d1", "yes"],
          ["d2", "yes"],
          ["d3", "no"],
        ] as const) {
          await client.create(Secrets, { metadata: { namespace, name, labels: { doomed } } });
        }
        await client.deleteCollection(Secrets, { namespace, labelSelector: "doomed=yes" });
        const { items } = await client.list(Secrets, { namespace, labelSelector: "doomed" });
        assert.deepEqual(
          items.map(({ metadata }) => metadata.name),
          ["d3"],
        );
      });
    });

    describe("watch", () => {
      it("watch() without a revision begins with the present state", async () => {
        await client.create(ConfigMaps, configMap("present-1", {}, { w: "present" }));
        await client.create(ConfigMaps, configMap("present-2", {}, { w: "present" }));
        const events = await take(
          await client.watch(ConfigMaps, { namespace, labelSelector: "w=present" }),
          2,
        );
        assert.deepEqual(events.map(summary).sort(), ["ADDED present-1", "ADDED present-2"]);
      });

      it("watch() from a list's revision gives each change once, in order, frozen", async () => {
        const { metadata } = await client.list(ConfigMaps, { namespace });
        const stream = await client.watch(ConfigMaps, {
          namespace,
          labelSelector: "w=changes",
          resourceVersion: metadata.resourceVersion,
        });
        const made = await client.create(ConfigMaps, configMap("changes", { n: "1" }, { w: "changes" }));
        const changed = await client.update(ConfigMaps, { ...made, data: { n: "2" } });
        await client.delete(ConfigMaps, key("changes"));
        const events = await take(stream, 3);
        assert.deepEqual(events.map(summary), ["ADDED changes", "MODIFIED changes", "DELETED changes"]);
        const second = events[1] as { object: Stored<object> };
        assert.equal(second.object.metadata.resourceVersion, changed.metadata.resourceVersion);
        assert.ok(Object.isFrozen(second.object.metadata));
      });

      it("watch() with a selector shows an object that begins or ceases to match as added or deleted", async () => {
        const { metadata } = await client.list(ConfigMaps, { namespace });
        const stream = await client.watch(ConfigMaps, {
          namespace,
          labelSelector: "w=turning",
          resourceVersion: metadata.resourceVersion,
        });
        await client.create(ConfigMaps, configMap("turning", {}, { w: "no" }));
        for (const w of ["turning", "no"]) {
          await client.patch(ConfigMaps, key("turning"), {
            type: "merge",
            body: { metadata: { labels: { w } } },
          });
        }
        assert.deepEqual((await take(stream, 2)).map(summary), ["ADDED turning", "DELETED turning"]);
      });

      it("watch() sees all namespaces when none is named", async () => {
        const { metadata } = await client.list(ConfigMaps);
        const stream = await client.watch(ConfigMaps, {
          labelSelector: "w=anywhere",
          resourceVersion: metadata.resourceVersion,
        });
        await client.create(ConfigMaps, {
          metadata: { namespace: "default", name: "anywhere", labels: { w: "anywhere" } },
        });
        assert.deepEqual((await take(stream, 1)).map(summary), ["ADDED anywhere"]);
      });

      it("watch() ends quietly when the signal fires", async () => {
        const controller = new AbortController();
        const stream = await client.watch(ConfigMaps, {
          namespace,
          labelSelector: "w=never",
          signal: controller.signal,
        });
        const reading = take(stream, 1);
        controller.abort();
        assert.deepEqual(await reading, []);
      });

      it("watch() ends by itself after timeoutSeconds", async () => {
        const stream = await client.watch(ConfigMaps, {
          namespace,
          labelSelector: "w=never",
          timeoutSeconds: 1,
        });
        assert.deepEqual(await take(stream, 1), []);
      });

      it("watch() throws Expired for a revision that is too old", async () => {
        const { metadata } = await client.list(Nodes);
        const created = await client.create(Nodes, { metadata: { name: "old" } });
        for (let index = 0; index < 3; index++) {
          await subject.advanceClock(3600);
          for (let write = 0; write < 600; write++) {
            await client.patch(
              Nodes,
              { name: "old" },
              { type: "merge", body: { metadata: { labels: { w: `${index}-${write}` } } } },
            );
          }
        }
        assert.ok(created);
        const watching = async () =>
          take(await client.watch(Nodes, { resourceVersion: metadata.resourceVersion }), 1);
        await assert.rejects(watching(), refusedAs("Expired", "Gone"));
      });
    });

    describe("rights and raw calls", () => {
      it("impersonate() acts with that user's rights", async () => {
        const nobody = client.impersonate({ name: "nobody" });
        await assert.rejects(nobody.list(Secrets, { namespace }), (error) => {
          assert.ok(isStatus(error, "Forbidden"), String(error));
          assert.match(
            error.message,
            /User "nobody" cannot list resource "secrets" in API group "" in the namespace "contract"/,
          );
          return true;
        });
        const admin = client.impersonate({ name: "someone", groups: ["system:masters"] });
        assert.ok(await admin.list(Secrets, { namespace }));
      });

      it("raw() reads discovery and throws StatusError for a path there is not", async () => {
        const answer = await client.raw({ path: "/api/v1" });
        assert.equal(answer.status, 200);
        const chunks: Uint8Array[] = [];
        for await (const chunk of answer.body) chunks.push(chunk);
        const body = JSON.parse(Buffer.concat(chunks).toString()) as {
          kind: string;
          resources: { name: string }[];
        };
        assert.equal(body.kind, "APIResourceList");
        assert.ok(body.resources.some((resource) => resource.name === "pods"));
        await assert.rejects(client.raw({ path: "/apis/no.such.group/v1" }), refusedAs("NotFound"));
      });

      it("raw() sends a body and a query", async () => {
        const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "raw" } };
        const path = `/api/v1/namespaces/${namespace}/configmaps`;
        assert.equal(
          (await client.raw({ method: "POST", path, query: { dryRun: "All" }, body })).status,
          201,
        );
        await assert.rejects(client.get(ConfigMaps, key("raw")), refusedAs("NotFound"));
        assert.equal((await client.raw({ method: "POST", path, body })).status, 201);
        assert.ok(await client.get(ConfigMaps, key("raw")));
      });
    });
  });
}
