import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { createLogger } from "@jdos/component-base";
import { type Part, Supervisor } from "./part.ts";

const log = createLogger({ name: "test", level: "silent" });
const options = { log, checkSeconds: 0.005, backOffSeconds: 0.005 };

/** A part that counts, and whose health is set from outside. */
function fakePart() {
  const events = new EventEmitter();
  const counts = { started: 0, stopped: 0 };
  let healthy = true;
  let startable = true;
  const part: Part = {
    name: "fake",
    async start() {
      counts.started++;
      events.emit("start");
      if (!startable) throw new Error("no start today");
      healthy = true;
      return {
        stop: async () => {
          counts.stopped++;
        },
      };
    },
    check() {
      events.emit("check");
      if (!healthy) throw new Error("broken");
    },
  };
  const set = (state: { healthy?: boolean; startable?: boolean }) => {
    healthy = state.healthy ?? healthy;
    startable = state.startable ?? startable;
  };
  return { part, counts, events, set };
}

test("Supervisor starts a part again when its check fails", async () => {
  const { part, counts, events, set } = fakePart();
  const supervisor = new Supervisor(part, options);
  await supervisor.start();
  assert.deepEqual(supervisor.status, { name: "fake", state: "running" });
  set({ healthy: false });
  await once(events, "start");
  await once(events, "check");
  assert.equal(supervisor.status.state, "running");
  await supervisor.stop();
  assert.deepEqual(counts, { started: 2, stopped: 2 });
});

test("Supervisor goes on trying a part that does not start, and says why", async () => {
  const { part, events, set } = fakePart();
  const supervisor = new Supervisor(part, options);
  await supervisor.start();
  set({ healthy: false, startable: false });
  await once(events, "start");
  await once(events, "start");
  assert.equal(supervisor.status.state, "failed");
  assert.equal(supervisor.status.message, "no start today");
  set({ startable: true });
  await once(events, "check");
  assert.equal(supervisor.status.state, "running");
  await supervisor.stop();
  assert.equal(supervisor.status.state, "stopped");
});

test("Supervisor's first start fails aloud", async () => {
  const { part, set } = fakePart();
  set({ startable: false });
  const supervisor = new Supervisor(part, options);
  await assert.rejects(supervisor.start(), /no start today/);
  assert.equal(supervisor.status.state, "failed");
  await supervisor.stop();
});
