import { type BuildStage, type BuildStageName, formatStageMarker } from "@jdos/api/builder";
import { formatTime } from "@jdos/apimachinery/condition";

/** Keeps the stages of a build and says in the log where it stands. */
export class Stages {
  readonly #say: (line: string) => void;
  readonly #began = new Map<BuildStageName, number>();
  readonly #stages: BuildStage[] = [];

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get list(): BuildStage[] {
    return this.#stages;
  }

  begin(name: BuildStageName): void {
    this.#began.set(name, performance.now());
    this.#stages.push({ name, state: "Running", startTime: formatTime(new Date()) });
    this.#say(formatStageMarker({ stage: name, state: "Running" }));
  }

  succeed(name: BuildStageName, message: string): void {
    this.#end(name, "Succeeded", message);
  }

  /** Ends the stage that runs, if one does. */
  failRunning(message: string): void {
    const running = this.#stages.find(({ state }) => state === "Running");
    if (running !== undefined) this.#end(running.name, "Failed", message);
  }

  #end(name: BuildStageName, state: "Succeeded" | "Failed", message: string): void {
    const stage = this.#stages.find((each) => each.name === name);
    if (stage === undefined) return;
    const seconds = Math.round(performance.now() - (this.#began.get(name) ?? 0)) / 1000;
    Object.assign(stage, { state, seconds, message });
    this.#say(formatStageMarker({ stage: name, state, seconds, message }));
  }
}
