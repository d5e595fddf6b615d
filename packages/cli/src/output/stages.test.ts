import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { plainView } from "./stages.ts";

describe("plainView()", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
  afterEach(() => mock.timers.reset());

  it("writes a line for each stage that ends, and one for what goes on when it was silent for 10 s", async () => {
    let text = "";
    const stderr = new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    });
    const view = plainView(stderr, 10);
    view.update({ stage: "source", state: "started" });
    view.update({ stage: "source", state: "done", seconds: 0.2 });
    mock.timers.tick(30_000);
    assert.equal(text, "source         200 ms\n", "nothing goes on");
    view.update({ stage: "ready", state: "started", message: "0 of 3 Pods ready" });
    mock.timers.tick(6000);
    view.update({ stage: "ready", state: "started", message: "1 of 3 Pods ready" });
    mock.timers.tick(6000);
    view.update({ stage: "ready", state: "done", seconds: 12, message: "3 of 3 Pods ready" });
    await view.close();
    mock.timers.tick(60_000);
    assert.deepEqual(
      text
        .split("\n")
        .slice(1)
        .map((line) => line.replace(/ +\d+ ms/, " _ ms")),
      ["ready _ ms  ...     1 of 3 Pods ready", "ready          12.0 s          3 of 3 Pods ready", ""],
    );
  });
});
