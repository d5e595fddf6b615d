import type { StageView } from "../output/stages.ts";

/** Runs one stage of a long command and shows it. */
export type StageRunner = <T>(
  stage: string,
  work: (say: (message: string) => void) => Promise<T>,
) => Promise<T>;

export function createStageRunner(view: StageView, now: () => number = () => performance.now()): StageRunner {
  return async (stage, work) => {
    const since = now();
    const seconds = (): number => (now() - since) / 1000;
    view.update({ stage, state: "started" });
    try {
      const result = await work((message) => view.update({ stage, state: "started", message }));
      view.update({ stage, state: "done", seconds: seconds() });
      return result;
    } catch (error) {
      view.update({ stage, state: "failed", seconds: seconds() });
      throw error;
    }
  };
}
