import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger } from "./logger.ts";

function lines(level?: "debug"): { log: ReturnType<typeof createLogger>; read(): Record<string, unknown>[] } {
  const written: string[] = [];
  const log = createLogger({
    name: "test",
    level,
    destination: { write: (line) => void written.push(line) },
  });
  return { log, read: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("createLogger", () => {
  it("createLogger() writes a line of JSON with the level by name, the time and the facts", () => {
    const { log, read } = lines();
    log.child({ part: "one" }).info({ pod: "demo/web-0" }, "Started container");
    const [{ time, ...line }] = read() as [Record<string, unknown>];
    assert.deepEqual(line, {
      level: "info",
      name: "test",
      part: "one",
      pod: "demo/web-0",
      msg: "Started container",
    });
    assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000);
  });

  it("createLogger() keeps to its level", () => {
    const quiet = lines();
    quiet.log.debug("no");
    assert.deepEqual(quiet.read(), []);
    const loud = lines("debug");
    loud.log.debug("yes");
    assert.equal(loud.read().length, 1);
  });

  it("createLogger() writes an error with its cause", () => {
    const { log, read } = lines();
    log.error({ err: new Error("outer", { cause: new Error("inner") }) }, "Failed");
    const [line] = read();
    const error = line!.err as { message: string; cause: { message: string } };
    assert.equal(error.message, "outer");
    assert.equal(error.cause.message, "inner");
  });
});
