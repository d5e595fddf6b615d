import type { Probe } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Clock, Timer } from "@jdos/component-base";
import type { RuntimeContainer } from "../runtime/pod-runtime.ts";
import type { ProbeOutcome } from "./prober.ts";

export type ProbeKind = "startup" | "liveness" | "readiness";

export interface ProbeWorkerOptions {
  readonly kind: ProbeKind;
  readonly probe: DeepReadonly<Probe>;
  readonly clock: Clock;
  /** The newest container of the name, as the runtime has it. */
  container(): RuntimeContainer | undefined;
  /** False while the startup probe has not succeeded: only that one runs then. */
  started(containerId: string): boolean;
  ask(container: RuntimeContainer): Promise<ProbeOutcome>;
  /** Told each time the verdict about a container changes. */
  onVerdict(containerId: string, success: boolean): void;
  onFailure(container: RuntimeContainer, output: string): void;
}

/** How soon a container that has just started is asked again while it says no: it shortens the way to ready. */
const EAGER_MS = [50, 100, 200, 400];
/** What costs next to nothing is asked so for some seconds more. */
const EAGER_CHEAP_MS = [...EAGER_MS, ...new Array<number>(9).fill(500)];

/** Asks one container the same question over and over. */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  #timer: Timer | undefined;
  #containerId: string | undefined;
  #verdict: boolean | undefined;
  #run = 0;
  #lastSuccess: boolean | undefined;
  #onHold = false;
  #eager = 0;
  #stopped = false;
  #asking = false;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
  }

  start(firstDelayMs: number): void {
    this.#schedule(firstDelayMs);
  }

  /** Asks now rather than at the next turn: the container has just started. */
  poke(): void {
    if (!this.#asking) this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.schedule(delayMs, () => {
      this.#asking = true;
      void this.#turn()
        .then((next) => next)
        .catch(() => this.#periodMs())
        .then((next) => {
          this.#asking = false;
          this.#schedule(next);
        });
    });
  }

  #periodMs(): number {
    return (this.#options.probe.periodSeconds ?? 10) * 1000;
  }

  /** Returns when the next turn is due. */
  async #turn(): Promise<number> {
    const { kind, probe, clock } = this.#options;
    const container = this.#options.container();
    if (container === undefined || container.state !== "CONTAINER_RUNNING") return this.#periodMs();
    if (container.id !== this.#containerId) this.#reset(container.id);
    if (this.#onHold) return this.#periodMs();
    const wait = (container.startedAt ?? 0) + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now().getTime();
    if (wait > 0) return Math.min(wait, this.#periodMs());
    const started = this.#options.started(container.id);
    if (kind === "startup" ? started : !started) return this.#periodMs();
    const outcome = await this.#options.ask(container);
    if (this.#stopped) return 0;
    if (!outcome.success && this.#mayHurry()) return this.#eagerDelays()[this.#eager++]!;
    this.#count(container, outcome);
    return this.#periodMs();
  }

  #mayHurry(): boolean {
    const { kind, probe } = this.#options;
    return (
      kind !== "liveness" &&
      (probe.successThreshold ?? 1) === 1 &&
      this.#verdict === undefined &&
      this.#eager < this.#eagerDelays().length
    );
  }

  #eagerDelays(): readonly number[] {
    return this.#options.probe.exec === undefined ? EAGER_CHEAP_MS : EAGER_MS;
  }

  #reset(containerId: string): void {
    this.#containerId = containerId;
    this.#verdict = undefined;
    this.#run = 0;
    this.#lastSuccess = undefined;
    this.#onHold = false;
    this.#eager = 0;
  }

  #count(container: RuntimeContainer, { success, output }: ProbeOutcome): void {
    const { kind, probe } = this.#options;
    this.#run = this.#lastSuccess === success ? this.#run + 1 : 1;
    this.#lastSuccess = success;
    if (!success) this.#options.onFailure(container, output);
    const threshold = success ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#run < threshold) return;
    if (this.#verdict !== success) {
      this.#verdict = success;
      this.#options.onVerdict(container.id, success);
    }
    // A container that is about to be restarted is not asked until it has been.
    if (!success && kind !== "readiness") {
      this.#onHold = true;
      this.#run = 0;
    }
  }
}
