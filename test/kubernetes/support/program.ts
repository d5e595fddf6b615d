import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  findDetached,
  isRunning,
  type ProcessIdentity,
  startDetached,
  stopDetached,
} from "@jdos/component-base";
import { TestBedError } from "./errors.ts";
import type { ClusterLayout } from "./layout.ts";

export interface ProgramOptions {
  /** "kube-apiserver", "node-1/kubelet". */
  name: string;
  argv: readonly [string, ...string[]];
  layout: ClusterLayout;
  env?: Readonly<Record<string, string | undefined>>;
  /** Resolves to true once it does its work. */
  ready(): Promise<boolean>;
  /** Defaults to 60. */
  readyTimeoutSeconds?: number;
  /** Defaults to a file named for it. */
  pidFile?: string;
}

/** One process of a cluster, in a session of its own, found again by its pid file. */
export class Program {
  readonly name: string;
  readonly pidFile: string;
  readonly logFile: string;
  readonly #options: ProgramOptions;

  constructor(options: ProgramOptions) {
    const file = options.name.replace("/", "-");
    this.name = options.name;
    this.pidFile = options.pidFile ?? join(options.layout.pids, `${file}.pid`);
    this.logFile = join(options.layout.logs, `${file}.log`);
    this.#options = options;
  }

  get pid(): number | undefined {
    return findDetached(this.pidFile)?.pid;
  }

  /** Starts it and waits until it is ready. @throws TestBedError PartFailed, NotReady */
  async start(): Promise<void> {
    const [command, ...args] = this.#options.argv;
    const { env = process.env } = this.#options;
    const identity = await startDetached({
      command,
      args,
      env,
      pidFile: this.pidFile,
      logFile: this.logFile,
    });
    await this.#untilReady(identity);
  }

  /** Asks it to end, and waits. Idempotent. */
  stop(): Promise<void> {
    return stopDetached(this.pidFile);
  }

  /** kill -9. Idempotent. */
  async kill(): Promise<void> {
    const identity = findDetached(this.pidFile);
    if (identity === undefined) return;
    process.kill(identity.pid, "SIGKILL");
    while (isRunning(identity)) await sleep(5);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async #untilReady(identity: ProcessIdentity): Promise<void> {
    const { readyTimeoutSeconds = 60 } = this.#options;
    const deadline = performance.now() + readyTimeoutSeconds * 1000;
    while (!(await this.#options.ready().catch(() => false))) {
      if (!isRunning(identity)) throw this.#failure("PartFailed", "it ended");
      if (performance.now() >= deadline) {
        throw this.#failure("NotReady", `not ready after ${readyTimeoutSeconds} s`);
      }
      await sleep(25);
    }
  }

  #failure(code: "PartFailed" | "NotReady", state: string): TestBedError {
    const said = readFileSync(this.logFile, "utf8").trim().split("\n").slice(-8).join("\n");
    return new TestBedError(code, `Cannot start ${this.name}: ${state}\n${said}`, {
      hint: `It wrote "${this.logFile}"`,
    });
  }
}
