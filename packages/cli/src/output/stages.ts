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

/** The view that fits where progress goes. */
export async function createStageView({
  stderr,
  environment,
}: Pick<CommandContext, "stderr" | "environment">): Promise<StageView> {
  if (stderr.isTTY !== true || environment.noColor) return plainView(stderr);
  const { liveView } = await import("./live-stages.ts");
  return liveView(stderr);
}

/** One line when a stage begins to take long is not needed: a line when it ends, with its seconds. */
export function plainView(stderr: NodeJS.WritableStream): StageView {
  const over = new Set<string>();
  return {
    update({ stage, state, seconds, message }) {
      if (state === "started" || over.has(`${stage} ${state}`)) return;
      over.add(`${stage} ${state}`);
      const time = state === "skipped" ? "skipped" : duration(seconds);
      const mark = state === "failed" ? "failed" : "";
      stderr.write(
        `${[stage.padEnd(10), time.padStart(9), mark.padEnd(6), clean(message ?? "")].join("  ").trimEnd()}\n`,
      );
    },
    line: (text) => void stderr.write(`${clean(text)}\n`),
    close: async () => {},
  };
}
