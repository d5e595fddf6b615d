import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Events } from "@jdos/api";
import { createLogger } from "@jdos/component-base";
import { startTestServer } from "../testing/index.ts";
import { expireEvents } from "./event-expiry.ts";

describe("expireEvents()", () => {
  it("expireEvents() deletes what was last seen an hour ago, and nothing younger", async () => {
    let clock = new Date("2030-01-01T00:00:00Z");
    const now = () => clock;
    const server = await startTestServer({ now });
    const client = server.adminClient();
    const event = (name: string, lastTimestamp?: string) => ({
      metadata: { name, namespace: "default" },
      involvedObject: { kind: "Pod", name: "p", namespace: "default" },
      ...(lastTimestamp === undefined ? {} : { lastTimestamp }),
    });
    await client.create(Events, event("old"));
    await client.create(Events, event("seen-again", "2030-01-01T00:30:00Z"));
    clock = new Date("2030-01-01T01:00:01Z");
    await expireEvents({
      client,
      store: server.core.store,
      now,
      log: createLogger({ name: "test", level: "silent" }),
    });
    const { items } = await client.list(Events, { namespace: "default" });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["seen-again"],
    );
    await server.stop();
  });
});
