import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "@jdos/apimachinery";
import type { Logger, Running } from "@jdos/component-base";

/** Something the platform runs. */
export interface Part {
  readonly name: string;
  start(): Promise<Running>;
  /** Throws why it does not do its work; asked again and again. Defaults to none: it lives as long as jdosd. */
  check?(): Promise<void> | void;
}

export type PartState = "waiting" | "starting" | "running" | "failed" | "stopped";

export interface PartStatus {
  readonly name: string;
  readonly state: PartState;
  readonly message?: string;
}

export interface SupervisorOptions {
  log: Logger;
  /** Defaults to 2. */
  checkSeconds?: number;
  /** Between tries to start again: doubled up to 16 times. Defaults to 1. */
  backOffSeconds?: number;
}

const MAX_BACK_OFF = 16;

/** Keeps one part running: what fails its check is stopped and started again, with back-off. */
export class Supervisor {
  readonly #part: Part;
  readonly #options: Required<SupervisorOptions>;
  readonly #stopping = new AbortController();
  #running: Running | undefined;
  #status: { state: PartState; message?: string } = { state: "waiting" };
  #watch: Promise<void> | undefined;

  constructor(part: Part, { log, checkSeconds = 2, backOffSeconds = 1 }: SupervisorOptions) {
    this.#part = part;
    this.#options = { log: log.child({ part: part.name }), checkSeconds, backOffSeconds };
  }

  get status(): PartStatus {
    return { name: this.#part.name, ...this.#status };
  }

  /** The first start: what fails here fails the start of the platform. */
  async start(): Promise<void> {
    await this.#begin();
    if (this.#part.check !== undefined) this.#watch = this.#watchOver();
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watch;
    await this.#end();
    this.#status = { state: "stopped" };
  }

  async #begin(): Promise<void> {
    this.#status = { state: "starting" };
    try {
      this.#running = await this.#part.start();
      this.#status = { state: "running" };
    } catch (error) {
      this.#status = { state: "failed", message: messageOf(error) };
      throw error;
    }
  }

  async #end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }

  async #watchOver(): Promise<void> {
    const { log, checkSeconds, backOffSeconds } = this.#options;
    let failures = 0;
    while (
      await this.#pause(
        failures === 0 ? checkSeconds : backOffSeconds * Math.min(2 ** (failures - 1), MAX_BACK_OFF),
      )
    ) {
      try {
        if (this.#running !== undefined) {
          await this.#part.check?.();
          failures = 0;
          continue;
        }
        await this.#begin();
        log.warn({ failures }, "Started part again");
      } catch (error) {
        failures++;
        this.#status = { state: "failed", message: messageOf(error) };
        log.error({ err: error, failures }, "Part failed");
        await this.#end().catch((err: unknown) => log.error({ err }, "Failed to stop part"));
      }
    }
  }

  /** False when it is time to stop. */
  async #pause(seconds: number): Promise<boolean> {
    try {
      await sleep(seconds * 1000, undefined, { signal: this.#stopping.signal });
      return true;
    } catch {
      return false;
    }
  }
}
