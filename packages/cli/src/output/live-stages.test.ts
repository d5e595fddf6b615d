import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { liveView } from "./live-stages.ts";

describe("liveView()", () => {
  it("liveView() leaves one line for each stage that is over, and each log line, in their order", async () => {
    const screen = new Screen();
    const view = liveView(screen, { nameWidth: 12 });
    view.update({ stage: "source", state: "started" });
    view.update({ stage: "source", state: "started", message: "packing" });
    view.update({ stage: "build", state: "started" });
    view.update({ stage: "source", state: "done", seconds: 0.2 });
    view.line("a log line\u001b[2J");
    view.update({ stage: "build", state: "failed", seconds: 1.5, message: "npm ci" });
    await view.close();
    assert.deepEqual(screen.lines(), [
      "✔ source         200 ms",
      "a log line [2J",
      "✖ build           1.5 s  npm ci",
    ]);
  });

  it("liveView() cuts a running line that would wrap", async () => {
    const screen = new Screen(40);
    const view = liveView(screen, { nameWidth: 12 });
    view.update({ stage: "build", state: "started", message: "x".repeat(100) });
    assert.ok(screen.lines().every((line) => line.length < 40));
    await view.close();
  });
});

/** As much of a terminal as the view uses: lines, and erasing from some lines up to the end. */
class Screen {
  readonly columns: number;
  #lines: string[] = [];

  constructor(columns = 80) {
    this.columns = columns;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's own sequence
    const erase = /^\x1b\[(\d+)F\x1b\[J$/.exec(text);
    if (erase !== null) this.#lines.splice(this.#lines.length - Number(erase[1]));
    else this.#lines.push(...stripVTControlCharacters(text).replace(/\n$/, "").split("\n"));
  }

  lines(): string[] {
    return [...this.#lines];
  }
}
