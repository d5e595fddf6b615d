import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigMaps } from "@jdos/api";
import { afterLines } from "./body-faults.ts";
import { type Check, EXPIRED, isList, isWatch, json } from "./scene.ts";

async function* nothing(): AsyncGenerator<string> {}
function cut(): AsyncIterable<string> {
  throw new Error("cut");
}
async function* say(...parts: (string | Buffer)[]): AsyncGenerator<string | Buffer> {
  yield* parts;
}
async function* sayAndStay(...parts: (string | Buffer)[]): AsyncGenerator<string | Buffer> {
  yield* parts;
  await new Promise((resolve) => setTimeout(resolve, 5000).unref());
}

const made = (metadata: object, rest: object = {}): string =>
  `${json({ type: "ADDED", object: { apiVersion: "v1", kind: "ConfigMap", metadata, ...rest } })}\n`;

/** What a watch's body may become; the first three watches suffer it after two lines. */
const WATCH_FAULTS: Readonly<Record<string, () => AsyncIterable<string | Buffer>>> = {
  "ends in order": nothing,
  "is cut": cut,
  "ends in half a line": () => say('{"type":"ADDED","object":{"apiVersion":"v1","ki'),
  "says half a line and stays open": () => sayAndStay('{"type":"ADDED","object":{"apiVersion":"v1","ki'),
  "says garbage": () => sayAndStay("\u0000\u0001<html>502</html>\n"),
  "says a line that is JSON and no event": () => sayAndStay("[1]\n"),
  "says null": () => sayAndStay("null\n"),
  "says an event of an unknown type": () => sayAndStay(`${json({ type: "CHANGED", object: {} })}\n`),
  "says an event without an object": () => sayAndStay('{"type":"ADDED"}\n'),
  "says an event without a name": () => sayAndStay(made({ resourceVersion: "7" })),
  "says an event without a revision": () => sayAndStay(made({ name: "ghost" })),
  "says an event of another Kind": () =>
    sayAndStay(made({ name: "ghost", resourceVersion: "7" }, { kind: "Secret" })),
  "says a bookmark without a revision": () => sayAndStay('{"type":"BOOKMARK","object":{"metadata":{}}}\n'),
  "says bytes that are no UTF-8": () =>
    sayAndStay(
      Buffer.concat([
        Buffer.from('{"type":"ADDED","object":{"metadata":{"name":"'),
        Buffer.from([0xc3, 0x28]),
        Buffer.from('","resourceVersion":"7"}}}\n'),
      ]),
    ),
  "says ERROR Expired": () => sayAndStay(`${json({ type: "ERROR", object: EXPIRED })}\n`),
  "says ERROR of the server": () =>
    sayAndStay(`${json({ type: "ERROR", object: { kind: "Status", code: 500, message: "etcd" } })}\n`),
  "says ERROR without a status": () => sayAndStay('{"type":"ERROR"}\n'),
};

/** What informers promise when watches end, break, lie or fall silent. */
export function watchFaults(check: Check): void {
  describe("a watch that", () => {
    for (const [what, then] of Object.entries(WATCH_FAULTS)) {
      check(`${what} loses and doubles nothing`, async ({ proxy, follow }) => {
        const world = await follow();
        await world.write("before");
        const fault = proxy.inject({ matches: isWatch, times: 3, body: afterLines(2, then) });
        world.start();
        await world.synced();
        await world.live("a");
        await world.settled();
        await world.live("b");
        await world.settled();
        assert.ok(fault.hits >= 2, `${fault.hits} watches suffered`);
        assert.ok(world.requests().length <= 14, `${world.requests().length} requests`);
      });
    }

    check("falls silent is cut after a while and goes on where it was", async ({ proxy, follow }) => {
      const world = await follow();
      world.start();
      await world.synced();
      await world.live("a");
      await world.settled();
      const before = world.requests().length;
      proxy.freeze();
      proxy.thaw();
      await world.live("b");
      await world.settled();
      assert.ok(world.requests().slice(before).every(isWatch), "no list");
      assert.ok((await world.count("reflector_watch_ends_total", { reason: "silent" })) >= 1);
    });

    check("falls silent while nothing can be reached comes back when it can", async ({ proxy, follow }) => {
      const world = await follow({ timeoutSeconds: 1 });
      world.start();
      await world.synced();
      const begin = performance.now();
      proxy.freeze();
      await world.live("a");
      await sleep(3500);
      proxy.thaw();
      const during = world.requests().length;
      const seconds = (performance.now() - begin) / 1000;
      await world.settled();
      assert.ok(
        during <= 2 + Math.ceil(seconds),
        `${during} requests in ${seconds} s, of which 2 were before`,
      );
    });

    check("nothing happens on is not cut when it has no bookmarks to wait for", async ({ follow }) => {
      const world = await follow({ watchSilenceSeconds: 0.5 });
      const watch = await world.client.watch(ConfigMaps, { namespace: world.namespace });
      const coming = watch[Symbol.asyncIterator]();
      const first = coming.next();
      await sleep(2500);
      await world.write("late");
      for (let event = await first; ; event = await coming.next()) {
        assert.equal(event.done, false, "the watch goes on");
        if (event.value.type === "ADDED" && event.value.object.metadata.name === "late") break;
      }
      await coming.return?.();
      assert.equal(world.requests().length, 1);
    });

    check("nothing happens on is not cut while bookmarks come", async ({ proxy, follow, subject }) => {
      const world = await follow({ watchSilenceSeconds: 3 });
      let bookmarks = 0;
      async function* keepMarking(): AsyncGenerator<string> {
        for (; bookmarks < 14; bookmarks++) {
          await sleep(300);
          const { metadata } = await subject.admin().list(ConfigMaps, { namespace: world.namespace });
          const object = { kind: "ConfigMap", metadata: { resourceVersion: metadata.resourceVersion } };
          yield `${json({ type: "BOOKMARK", object })}\n`;
        }
      }
      proxy.inject({ matches: isWatch, times: 1, body: afterLines(0, keepMarking) });
      world.start();
      await world.synced();
      while (bookmarks < 13) await sleep(50);
      assert.equal(world.requests().length, 2, "one list, one watch in 4 s and more");
      await world.live("a");
      await world.settled();
    });

    check(
      "says nothing at all, for its server's history was set back, is followed by a list",
      async ({ proxy, follow }) => {
        const world = await follow();
        proxy.inject({ matches: isWatch, times: 1, body: afterLines(0, () => sayAndStay("\n")) });
        world.start();
        await world.synced();
        await world.live("a");
        await world.settled();
        assert.ok(world.requests().filter(isList).length >= 2);
      },
    );

    check("meets a server set back to an older state is followed by a list", async ({ proxy, follow }) => {
      const world = await follow({ watchSilenceSeconds: 60 });
      const older = `${json({ type: "BOOKMARK", object: { kind: "ConfigMap", metadata: { resourceVersion: "1" } } })}\n`;
      proxy.inject({ matches: isWatch, times: 1, body: afterLines(1, () => sayAndStay(older)) });
      world.start();
      await world.synced();
      await world.live("a");
      await world.settled();
      assert.equal(world.requests().filter(isList).length, 2);
    });
  });
}
