import type { StageUpdate, StageView } from "../output/stages.ts";
import type { ProgressLine } from "./jdosd.ts";

const STATES: Readonly<Record<ProgressLine["state"], StageUpdate["state"]>> = {
  started: "started",
  running: "started",
  succeeded: "done",
  failed: "failed",
};

/** Shows one line of jdosd's output; true when it says that everything is up. */
export function showProgress(line: string, view: StageView): boolean {
  if (!line.startsWith("{")) return false;
  const { stage, state, seconds, message } = JSON.parse(line) as ProgressLine;
  if (state === undefined) return false;
  view.update({
    stage,
    state: STATES[state],
    message,
    ...(state === "started" || state === "running" ? {} : { seconds }),
  });
  return stage === "ready" && state === "succeeded";
}
