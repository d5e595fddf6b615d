import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigMaps } from "@jdos/api";
import { afterBytes, trickle } from "./body-faults.ts";
import type { Fault, SeenRequest } from "./faulty-proxy.ts";
import { type Check, EXPIRED, isList, json, mostTriesSince } from "./scene.ts";

const ANSWERS: Readonly<Record<string, NonNullable<Fault["answer"]>>> = {
  "429 with Retry-After": {
    status: 429,
    headers: { "retry-after": "1" },
    body: json({ kind: "Status", code: 429 }),
  },
  "429 with a page": { status: 429, body: "<html>" },
  "503 without a word": { status: 503 },
  "500": { status: 500, body: json({ kind: "Status", code: 500, message: "etcdserver: leader changed" }) },
  "410": { status: 410, body: json(EXPIRED) },
  "401": { status: 401, body: json({ kind: "Status", reason: "Unauthorized", code: 401 }) },
  "a page of another server": {
    status: 200,
    headers: { "content-type": "text/html" },
    body: "<html>Log in</html>",
  },
  "an empty body": { status: 200 },
  "an empty object": { status: 200, body: "{}" },
  "an object of another request": { status: 200, body: json({ kind: "Pod", metadata: { name: "x" } }) },
  "a list with an item that is none": {
    status: 200,
    body: json({ kind: "ConfigMapList", metadata: { resourceVersion: "1" }, items: [null] }),
  },
  "a list without a revision": {
    status: 200,
    body: json({ kind: "ConfigMapList", metadata: {}, items: [] }),
  },
};

const LIST_FAULTS: Readonly<Record<string, Omit<Fault, "matches">>> = {
  "is cut after its first bytes": { body: afterBytes(200, { cut: true }) },
  "ends in order after its first bytes": { body: afterBytes(200, { cut: false }) },
  "is lost": { loseAnswer: true },
  "comes too late": { delayMillis: 4000 },
  "pauses for too long": { body: trickle(2, 4000) },
};

const MORE_THAN_A_PAGE = 520;

/** What informers promise when lists break, are slow, or are answered with something else. */
export function listFaults(check: Check): void {
  describe("a list that", () => {
    for (const [what, fault] of Object.entries(LIST_FAULTS)) {
      check(`${what} is asked for again, and leaves no trace`, async ({ proxy, follow }) => {
        const world = await follow({ timeoutSeconds: 2 });
        await world.live("a");
        const injected = proxy.inject({ ...fault, matches: isList, times: 1 });
        world.start();
        await world.synced();
        await world.settled();
        assert.equal(injected.hits, 1);
        assert.ok(world.requests().length <= 5, `${world.requests().length} requests`);
      });
    }

    check("is long and slow comes through, as long as it keeps coming", async ({ proxy, follow }) => {
      const world = await follow();
      await world.live("a");
      const slow = proxy.inject({ matches: isList, body: trickle(5, 500) });
      world.start();
      await world.synced();
      await world.settled();
      assert.equal(slow.hits, 1);
    });

    check(
      "never comes in one piece is asked for in pages, also when one page comes too late",
      async ({ proxy, follow }) => {
        const world = await follow();
        await Promise.all(
          Array.from({ length: MORE_THAN_A_PAGE }, (_, index) => world.write(`many-${index}`)),
        );
        proxy.inject({
          matches: (request) => isList(request) && !request.path.includes("limit="),
          body: afterBytes(50_000, { cut: true }),
        });
        const isNextPage = ({ path }: SeenRequest): boolean => path.includes("continue=");
        const late = proxy.inject({
          matches: isNextPage,
          times: 1,
          answer: { status: 410, body: json(EXPIRED) },
        });
        world.start();
        await world.synced();
        await world.live("a");
        await world.settled();
        assert.equal(late.hits, 1);
        assert.ok(world.requests().filter(isNextPage).length >= 2);
        assert.ok(world.requests().length <= 12, `${world.requests().length} requests`);
      },
    );

    check("takes too long in all is given up", async ({ proxy, follow }) => {
      const world = await follow({ timeoutSeconds: 0.3 });
      await world.live("a");
      proxy.inject({ matches: isList, body: trickle(100, 100) });
      await assert.rejects(world.client.list(ConfigMaps, { namespace: world.namespace }), {
        code: "Transport",
      });
    });
  });

  describe("an answer to lists and watches of", () => {
    for (const [what, answer] of Object.entries(ANSWERS)) {
      check(`${what} is no state: the real one is waited for`, async ({ proxy, follow }) => {
        const world = await follow();
        await world.live("a");
        world.start();
        await world.synced();
        const before = world.requests().length;
        const begin = performance.now();
        const fault = proxy.inject({ answer });
        proxy.cut();
        await world.live("b");
        await sleep(2000);
        const during = world.requests().length - before;
        const most = mostTriesSince(begin) + 1;
        fault.remove();
        await world.settled();
        assert.ok(during >= 1 && during <= most, `${during} requests, at most ${most}`);
      });
    }
  });
}
