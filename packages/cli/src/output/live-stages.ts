import { stripVTControlCharacters, styleText } from "node:util";
import type { StageUpdate, StageView } from "./stages.ts";
import { clean, duration } from "./table.ts";

export interface Terminal {
  write(text: string): unknown;
  columns?: number;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MILLIS = 80;
const MARKS = {
  done: styleText("green", "✔"),
  failed: styleText("red", "✖"),
  skipped: styleText("dim", "-"),
};

interface Running {
  update: StageUpdate;
  since: number;
}

interface LiveViewOptions {
  /** Of the column of names. */
  nameWidth: number;
  now?: () => number;
}

/**
 * Stages on a terminal: those that run are drawn at the bottom with a spinner and their seconds so far; those that
 * are over become lines above them, as do log lines.
 */
export function liveView(
  terminal: Terminal,
  { nameWidth, now = () => performance.now() }: LiveViewOptions,
): StageView {
  const line = (mark: string, { stage, state, seconds, message }: StageUpdate): string => {
    const time = state === "skipped" ? "skipped" : seconds === undefined ? "" : duration(seconds);
    return `${mark} ${stage.padEnd(nameWidth)} ${time.padStart(8)}  ${clean(message ?? "")}`.trimEnd();
  };
  const running = new Map<string, Running>();
  const over = new Set<string>();
  let drawn = 0;
  let frame = 0;

  const erase = (): void => {
    if (drawn > 0) terminal.write(`\x1b[${drawn}F\x1b[J`);
    drawn = 0;
  };
  const draw = (): void => {
    for (const { update, since } of running.values()) {
      const spinner = styleText("cyan", FRAMES[frame % FRAMES.length]!);
      terminal.write(`${fit(line(spinner, { ...update, seconds: (now() - since) / 1000 }), terminal)}\n`);
      drawn++;
    }
  };
  const above = (text: string): void => {
    erase();
    terminal.write(`${text}\n`);
    draw();
  };
  const timer = setInterval(() => {
    frame++;
    erase();
    draw();
  }, FRAME_MILLIS);
  timer.unref();

  return {
    update(update) {
      if (over.has(update.stage)) return;
      if (update.state === "started") {
        running.set(update.stage, { update, since: running.get(update.stage)?.since ?? now() });
        erase();
        draw();
        return;
      }
      running.delete(update.stage);
      over.add(update.stage);
      above(line(MARKS[update.state], update));
    },
    line: (text) => above(clean(text)),
    async close() {
      clearInterval(timer);
      erase();
      for (const { update } of running.values()) terminal.write(`${line("·", update)}\n`);
      running.clear();
    },
  };
}

/** A line that wraps could not be erased. */
function fit(text: string, { columns }: Terminal): string {
  const most = Math.max(20, columns || 80) - 1;
  const tooLong = stripVTControlCharacters(text).length - most;
  return tooLong <= 0 ? text : `${text.slice(0, text.length - tooLong - 1)}…`;
}
