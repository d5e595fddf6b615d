import { stripVTControlCharacters } from "node:util";
import type { ProgressEvent } from "@jdos/api";

type Stage = Extract<ProgressEvent, { type: "stage" }>;
type Say = (line: string) => void;

const ARROW = "----->";
const INDENT = "       ";

/** What a push's output says of a deploy, line by line: each stage once it is over, a long one also while it runs. */
export class Report {
  readonly #say: Say;
  readonly #now: () => number;
  readonly #over = new Set<string>();
  #running: { stage: string; since: number; told: number } | undefined;
  #logged = false;

  constructor(say: Say, now: () => number = () => performance.now()) {
    this.#say = say;
    this.#now = now;
  }

  step(text: string): void {
    this.#say(`${ARROW} ${clean(text)}`);
  }

  line(text: string): void {
    this.#say(`${INDENT}${clean(text)}`.trimEnd());
  }

  event(event: ProgressEvent): void {
    if (event.type === "stage") this.#stage(event);
    else if (event.type === "log") {
      this.#logged = true;
      this.line(`| ${event.line}`);
    } else if (event.type === "failed") this.#failed(event);
  }

  /** Said from time to time: a stage that lasts is named again. */
  tick(everyMillis: number): void {
    const running = this.#running;
    if (running === undefined) return;
    const now = this.#now();
    if (now - Math.max(running.since, running.told) < everyMillis) return;
    running.told = now;
    this.line(`${running.stage} goes on (${Math.round((now - running.since) / 1000)} s)`);
  }

  #stage({ stage, state, seconds, message }: Stage): void {
    if (this.#over.has(stage)) return;
    if (state === "started") {
      if (this.#running?.stage !== stage) this.#running = { stage, since: this.#now(), told: 0 };
      return;
    }
    if (this.#running?.stage === stage) this.#running = undefined;
    this.#over.add(stage);
    if (state === "skipped" && message === undefined) return;
    const time = state === "failed" ? "failed" : seconds === undefined ? "" : `${seconds.toFixed(1)} s`;
    this.step(`${stage.padEnd(8)} ${time.padStart(7)}  ${message ?? ""}`.trimEnd());
  }

  #failed({ error, explanation }: Extract<ProgressEvent, { type: "failed" }>): void {
    this.#running = undefined;
    // A log that was shown whole is the evidence.
    if (!this.#logged)
      for (const { from, text } of explanation?.evidence ?? []) this.line(`| ${from}: ${text}`);
    this.line("");
    this.step(`Not deployed: ${error.message}`);
    if (error.hint !== undefined) this.line(error.hint);
  }
}

/** What others wrote is shown, not obeyed: no control character reaches a terminal. */
function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\t", "  ")
    .replaceAll(/\p{Cc}/gu, " ");
}
