import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "@jdos/component-base/testing";
import { EventCorrelator, type Occurrence } from "./event-correlator.ts";

const occurrence: Occurrence = {
  about: { apiVersion: "v1", kind: "Pod", namespace: "demo", name: "web-0", uid: "u1" },
  type: "Warning",
  reason: "BackOff",
  message: "Back-off restarting failed container",
  source: { component: "kubelet", host: "n1" },
};

describe("EventCorrelator", () => {
  it("correlate() counts an equal event under its first name", () => {
    const clock = new FakeClock();
    const correlator = new EventCorrelator({ clock });
    const first = correlator.correlate(occurrence)!;
    clock.advance(5000);
    const second = correlator.correlate(occurrence)!;
    assert.equal(first.isNew, true);
    assert.equal(second.isNew, false);
    assert.equal(second.event.metadata.name, first.event.metadata.name);
    assert.equal(second.event.count, 2);
    assert.equal(second.event.firstTimestamp, "2026-01-01T00:00:00Z");
    assert.equal(second.event.lastTimestamp, "2026-01-01T00:00:05Z");
  });

  it("correlate() gives other objects and messages names of their own", () => {
    const correlator = new EventCorrelator({ clock: new FakeClock() });
    const names = [
      correlator.correlate(occurrence)!,
      correlator.correlate({ ...occurrence, message: "other" })!,
      correlator.correlate({ ...occurrence, about: { ...occurrence.about, name: "web-1" } })!,
    ].map(({ event }) => event.metadata.name);
    assert.equal(new Set(names).size, 3);
    assert.ok(names[2]!.startsWith("web-1."));
  });

  it("correlate() holds a source back that floods one object, and lets it speak again later", () => {
    const clock = new FakeClock();
    const correlator = new EventCorrelator({ clock });
    const written = Array.from({ length: 40 }, () => correlator.correlate(occurrence)).filter(Boolean);
    assert.equal(written.length, 25);
    clock.advance(300_000);
    assert.ok(correlator.correlate(occurrence));
    assert.equal(correlator.correlate(occurrence), undefined);
  });

  it("correlate() combines many messages of one reason", () => {
    const correlator = new EventCorrelator({ clock: new FakeClock() });
    const events = Array.from(
      { length: 13 },
      (_, index) => correlator.correlate({ ...occurrence, message: `m${index}` })!,
    );
    assert.equal(events[9]!.event.message, "m9");
    assert.equal(events[10]!.event.message, "(combined from similar events): m10");
    assert.equal(events[12]!.event.metadata.name, events[10]!.event.metadata.name);
    assert.equal(events[12]!.event.count, 3);
  });

  it("correlate() files events of cluster-wide objects in the namespace default", () => {
    const correlator = new EventCorrelator({ clock: new FakeClock() });
    const node = { apiVersion: "v1", kind: "Node", name: "n1" };
    assert.equal(correlator.correlate({ ...occurrence, about: node })!.event.metadata.namespace, "default");
  });
});
