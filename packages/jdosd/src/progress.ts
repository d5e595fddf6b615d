import { messageOf } from "@jdos/apimachinery";

/** One line of a start's report. */
export interface ProgressLine {
  readonly stage: string;
  readonly state: "started" | "running" | "succeeded" | "failed";
  /** Since the stage began. */
  readonly seconds: number;
  readonly message?: string;
}

export interface Progress {
  /** Runs a stage and reports its beginning, what it says, and its end. */
  stage<T>(name: string, action: (say: (message: string) => void) => Promise<T>): Promise<T>;
  /** The last line: everything is up. */
  ready(message: string): void;
}

/** Reports each stage as one JSON object through `write`. */
export function createProgress(write: (line: ProgressLine) => void): Progress {
  const begun = performance.now();
  return {
    async stage(name, action) {
      const start = performance.now();
      const report = (state: ProgressLine["state"], message?: string) =>
        write({
          stage: name,
          state,
          seconds: secondsSince(start),
          ...(message === undefined ? {} : { message }),
        });
      report("started");
      try {
        const result = await action((message) => report("running", message));
        report("succeeded");
        return result;
      } catch (error) {
        report("failed", messageOf(error));
        throw error;
      }
    },
    ready(message) {
      write({ stage: "ready", state: "succeeded", seconds: secondsSince(begun), message });
    },
  };
}

function secondsSince(start: number): number {
  return Math.round(performance.now() - start) / 1000;
}
