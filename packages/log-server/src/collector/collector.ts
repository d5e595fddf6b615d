import { setTimeout as sleep } from "node:timers/promises";
import type { LogBatch, LogSource, RunLines } from "@jdos/api";
import { messageOf } from "@jdos/apimachinery";
import type { Logger, Metrics, Running } from "@jdos/component-base";
import type { LogSink } from "../store/store.ts";
import { collectorMetrics } from "./collector-metrics.ts";
import { type FoundRun, findRuns } from "./find-runs.ts";
import type { PodIndex } from "./pod-index.ts";
import { RunReader } from "./run-reader.ts";

export interface CollectorOptions {
  /** Of the Pods' logs: /var/log/pods */
  directory: string;
  nodeName: string;
  pods: PodIndex;
  sink: LogSink;
  log: Logger;
  metrics?: Metrics | undefined;
  /** Between looks for more. Defaults to 500. */
  pollMillis?: number;
  /** How long a Pod is waited for that no application has. Defaults to 10. */
  unknownSeconds?: number;
}

const BUFFER_BYTES = 256 * 1024;
const MAX_BATCH_BYTES = 1024 * 1024;
const MAX_BATCH_LINES = 4000;
const MAX_BACK_OFF_MILLIS = 10_000;
/** Files held open, and what is known of them. */
const MAX_RUNS = 4000;

interface Run {
  readonly found: FoundRun;
  readonly sinceMillis: number;
  reader: RunReader | undefined;
  /** Undefined while it is not known whose it is. */
  source: LogSource | undefined;
  /** Its directory is gone: what is open can be read to its end. */
  gone: boolean;
  /** Of what was given last. */
  given: string;
}

/**
 * Reads what the containers of applications write on this node and gives it to the sink, one batch at a time: while one
 * is not taken nothing more is read. It keeps nothing of its own; where it stands is asked of the sink.
 */
export class Collector implements Running {
  readonly #options: Required<Omit<CollectorOptions, "metrics">>;
  readonly #metrics;
  readonly #runs = new Map<string, Run>();
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  readonly #stopping = new AbortController();
  #working: Promise<void> = Promise.resolve();
  /** The run that was read last. */
  #turn = "";

  constructor({ pollMillis = 500, unknownSeconds = 10, metrics, ...options }: CollectorOptions) {
    this.#options = { ...options, pollMillis, unknownSeconds };
    this.#metrics = collectorMetrics(metrics);
  }

  start(): void {
    this.#working = this.#work();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
    for (const { reader } of this.#runs.values()) reader?.close();
    this.#runs.clear();
  }

  async #work(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const more = await this.#round().catch((err: unknown) => {
        this.#options.log.error({ err }, "Cannot collect logs");
        return false;
      });
      if (!more) await this.#pause(this.#options.pollMillis);
    }
  }

  /** True while there is more to read at once. */
  async #round(): Promise<boolean> {
    this.#look();
    if ([...this.#runs.values()].some(isUnknown)) await this.#learn();
    const batch = this.#gather();
    if (batch.runs.length === 0) return false;
    await this.#give(batch);
    return batch.runs.some(({ lines }) => lines.length > 0);
  }

  /** Opens what is new, so that it can be read also when it is deleted meanwhile. */
  #look(): void {
    const present = new Set<string>();
    for (const found of findRuns(this.#options.directory)) {
      present.add(found.run);
      if (this.#runs.has(found.run) || this.#runs.size >= MAX_RUNS) continue;
      this.#runs.set(found.run, {
        found,
        sinceMillis: performance.now(),
        reader: this.#tryWith(found, () => this.#readerOf(found)),
        source: undefined,
        gone: false,
        given: "",
      });
    }
    for (const [id, run] of this.#runs) {
      run.gone = !present.has(id);
      if (run.gone && run.reader === undefined) this.#runs.delete(id);
    }
    this.#metrics.runs.set(this.#runs.size);
  }

  #readerOf({ directory, restart }: FoundRun, from?: RunLines["position"]): RunReader {
    return new RunReader({ directory, restart, buffer: this.#buffer, from });
  }

  /** Finds out whose the new runs are and where they stand. */
  async #learn(): Promise<void> {
    const { sink, pods, nodeName, unknownSeconds } = this.#options;
    const unknown = [...this.#runs.values()].filter(isUnknown);
    const known = await sink.positions(unknown.map(({ found }) => found.run));
    for (const run of unknown) {
      const { run: id, uid, container } = run.found;
      const before = known[id];
      const owner = pods.find(uid);
      if (before !== undefined) {
        if (!run.gone) {
          run.reader?.close();
          run.reader = this.#tryWith(run.found, () => this.#readerOf(run.found, before.position));
        }
        run.source = before.source;
      } else if (owner !== undefined) run.source = { run: id, ...owner, container, node: nodeName };
      else if (pods.synced && performance.now() - run.sinceMillis > unknownSeconds * 1000) this.#giveUp(run);
    }
  }

  /** The next batch: a little of each run in turn, until it is full or there is no more. */
  #gather(): LogBatch {
    const batch = new Map<string, RunLines>();
    let bytes = 0;
    let lines = 0;
    let more = true;
    while (more && bytes < MAX_BATCH_BYTES && lines < MAX_BATCH_LINES) {
      more = false;
      for (const [id, run] of this.#inTurn()) {
        if (run.source === undefined || run.reader === undefined) continue;
        if (bytes >= MAX_BATCH_BYTES || lines >= MAX_BATCH_LINES) break;
        const read = this.#tryWith(run.found, () => this.#readOf(run));
        if (read === undefined) {
          this.#giveUp(run);
          continue;
        }
        const position = run.reader.position;
        if (position === undefined) continue;
        const given = `${position.file} ${position.offset}`;
        if (read.length > 0 || given !== run.given) {
          const present = batch.get(id);
          batch.set(id, { source: run.source, position, lines: [...(present?.lines ?? []), ...read] });
        }
        run.given = given;
        this.#turn = id;
        more ||= read.length > 0;
        lines += read.length;
        for (const { line } of read) bytes += line.length;
        if (run.gone && read.length === 0) this.#forget(id, run);
      }
    }
    return { runs: [...batch.values()] };
  }

  /** Those first that come after the one that was read last: a run that writes much keeps nobody waiting. */
  #inTurn(): [string, Run][] {
    const runs = [...this.#runs];
    const at = runs.findIndex(([id]) => id === this.#turn) + 1;
    return [...runs.slice(at), ...runs.slice(0, at)];
  }

  #readOf({ reader, gone }: Run): RunLines["lines"] {
    const read = reader?.read() ?? [];
    return read.length === 0 && gone ? (reader?.finish() ?? []) : read;
  }

  /** What cannot be read of one run keeps no other waiting. */
  #tryWith<T>({ directory }: FoundRun, read: () => T): T | undefined {
    try {
      return read();
    } catch (err) {
      this.#options.log.error({ err, directory }, "Cannot read the log of a container: it is passed over");
      return undefined;
    }
  }

  #giveUp(run: Run): void {
    run.reader?.close();
    run.reader = undefined;
  }

  #forget(id: string, run: Run): void {
    run.reader?.close();
    this.#runs.delete(id);
  }

  /** Gives a batch until it is taken; what appears meanwhile is opened, and not read. */
  async #give(batch: LogBatch): Promise<void> {
    const { sink, log } = this.#options;
    const { signal } = this.#stopping;
    for (let waitMillis = 500; !signal.aborted; waitMillis = Math.min(waitMillis * 2, MAX_BACK_OFF_MILLIS)) {
      try {
        await sink.append(batch);
        for (const { lines } of batch.runs) this.#metrics.lines.inc(lines.length);
        return;
      } catch (error) {
        this.#metrics.failures.inc();
        log.warn({ reason: messageOf(error) }, "Lines were not taken: they wait in their files");
        const until = performance.now() + waitMillis;
        while (performance.now() < until && !signal.aborted) {
          this.#look();
          await this.#pause(this.#options.pollMillis);
        }
      }
    }
  }

  async #pause(millis: number): Promise<void> {
    // It ends early when the collector is stopped.
    await sleep(millis, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}

function isUnknown({ source, reader }: Run): boolean {
  return source === undefined && reader !== undefined;
}
