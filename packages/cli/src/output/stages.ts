import type { CommandContext } from "../command.ts";
import { clean, duration } from "./table.ts";

export interface StageUpdate {
  stage: string;
  state: "started" | "done" | "failed" | "skipped";
  seconds?: number | undefined;
  message?: string | undefined;
}

/** Shows stages as they come: live on a terminal, a line each elsewhere. */
export interface StageView {
  update(update: StageUpdate): void;
  /** A line of text below the stages: a log, a remark. */
  line(text: string): void;
  /** Ends the drawing; nothing may follow. */
  close(): Promise<void>;
}

/** Of the column of names: of a deploy's stages, and of the platform's parts. */
export const NAME_WIDTH = { stages: 10, parts: 20 } as const;

/** The view that fits where progress goes. */
export async function createStageView(
  { stderr, environment }: Pick<CommandContext, "stderr" | "environment">,
  nameWidth: number = NAME_WIDTH.stages,
): Promise<StageView> {
  if (stderr.isTTY !== true || environment.noColor) return plainView(stderr, nameWidth);
  const { liveView } = await import("./live-stages.ts");
  return liveView(stderr, { nameWidth });
}

/** After so long without a line, what still goes on is told. */
const SILENCE_MILLIS = 10_000;

/** A line for each stage when it ends, with its seconds; and one for what goes on, whenever nothing was said for long. */
export function plainView(stderr: NodeJS.WritableStream, nameWidth: number): StageView {
  const over = new Set<string>();
  const running = new Map<string, { since: number; message: string }>();
  const tell = (stage: string, time: string, words: readonly string[]): void => {
    stderr.write(
      `${[stage.padEnd(nameWidth), time.padStart(9), ...words.map(clean)].join("  ").trimEnd()}\n`,
    );
    silence.refresh();
  };
  const silence = setInterval(() => {
    for (const [stage, { since, message }] of running)
      tell(stage, duration((performance.now() - since) / 1000), ["...".padEnd(6), message]);
  }, SILENCE_MILLIS).unref();
  return {
    update({ stage, state, seconds, message = "" }) {
      if (state === "started") {
        running.set(stage, { since: running.get(stage)?.since ?? performance.now(), message });
        return;
      }
      running.delete(stage);
      if (over.has(`${stage} ${state}`)) return;
      over.add(`${stage} ${state}`);
      const mark = state === "failed" ? "failed" : "";
      tell(stage, state === "skipped" ? "skipped" : duration(seconds), [mark.padEnd(6), message]);
    },
    line(text) {
      stderr.write(`${clean(text)}\n`);
      silence.refresh();
    },
    close: async () => clearInterval(silence),
  };
}
