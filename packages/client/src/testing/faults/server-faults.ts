import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Check, isList, mostTriesSince, type Outage } from "./scene.ts";

/** What informers promise when the server goes away, comes again, or forgets. These change the server: one by one. */
export function serverFaults(check: Check, outages: Readonly<Record<string, Outage>>): void {
  describe("a server that", () => {
    check(
      "is gone for a while is not stormed, and followed again when it is back",
      async ({ proxy, follow }) => {
        const many = await Promise.all(Array.from({ length: 20 }, () => follow({ watchSilenceSeconds: 60 })));
        for (const world of many) world.start();
        await Promise.all(many.map((world) => world.synced()));
        const asked = async (): Promise<number> => {
          const counts = many.map((world) => world.count("rest_client_requests_total", { verb: "watch" }));
          return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
        };
        const before = await asked();
        const begin = performance.now();
        await proxy.goDown();
        await Promise.all(many.map((world) => world.live("a")));
        await sleep(2000);
        const during = (await asked()) - before;
        const most = many.length * mostTriesSince(begin);
        assert.ok(during <= most, `${during} attempts of ${many.length} watches, at most ${most}`);
        await proxy.comeUp();
        await Promise.all(many.map((world) => world.settled()));
        const lists = many.flatMap((world) => world.requests()).filter(isList).length;
        assert.equal(lists, many.length, "every watch went on where it was: one list each, from the start");
        const back = many.map((world) => world.requests().at(-1)!.atMillis);
        assert.ok(Math.max(...back) - Math.min(...back) > 50, "they did not come back together");
      },
    );

    check("is restarted again and again is followed all the time", async ({ proxy, follow, subject }) => {
      const world = await follow();
      world.start();
      await world.synced();
      for (const prefix of ["a", "b", "c"]) {
        await world.live(`${prefix}-running`);
        await subject.restart();
        proxy.target = subject.target();
        await world.live(`${prefix}-restarted`);
        await world.settled();
      }
    });

    for (const [what, { begin, end }] of Object.entries(outages)) {
      check(`${what} is not stormed, and is followed again after it`, async ({ follow }) => {
        const world = await follow({ timeoutSeconds: 2 });
        world.start();
        await world.synced();
        await world.live("a");
        await world.settled();
        const before = world.requests().length;
        const begun = performance.now();
        await begin();
        await sleep(4000);
        const during = world.requests().length - before;
        const most = mostTriesSince(begun);
        await end();
        await world.live("b");
        await world.settled();
        assert.ok(during <= most, `${during} requests, at most ${most}`);
      });
    }

    check("has forgotten what was missed is listed again, once", async ({ proxy, follow, subject }) => {
      const world = await follow({ watchSilenceSeconds: 60 });
      world.start();
      await world.synced();
      await world.live("a");
      await world.settled();
      await proxy.goDown();
      await world.live("b");
      await subject.forgetHistory();
      await proxy.comeUp();
      await world.settled();
      assert.equal(world.requests().filter(isList).length, 2);
      await world.live("c");
      await world.settled();
      assert.equal(await world.count("reflector_lists_total"), 2);
      assert.equal(await world.count("reflector_watch_ends_total", { reason: "expired" }), 1);
    });
  });
}
