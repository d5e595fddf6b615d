import type { Client } from "@jdos/client";
import {
  createHealth,
  createMetrics,
  createShutdown,
  type Environment,
  type HealthCheck,
  type Logger,
  onTerminationSignal,
  type Settings,
  type SettingValues,
  startHealthServer,
} from "@jdos/component-base";
import { runAsLeader } from "../leader-election/leader-election.ts";
import type { Leadership } from "../leader-election/leadership.ts";
import { candidacyOf, Standing } from "./candidacy.ts";
import { connect } from "./connect.ts";
import type { ProcessContext, ProcessDefinition, RunningPart } from "./contract.ts";
import type { ElectionSettings, ProcessSettings } from "./settings.ts";

export type AllValues<S extends Settings> = SettingValues<ProcessSettings> &
  SettingValues<ElectionSettings> &
  SettingValues<S>;

export interface PartProcessOptions<S extends Settings> {
  definition: ProcessDefinition<S>;
  settings: AllValues<S>;
  env: Environment;
  log: Logger;
}

interface Term {
  lead(signal: AbortSignal, client: Client): Promise<void>;
  lost(): void;
}

/** One part that runs as this process. */
export class PartProcess<S extends Settings> {
  readonly #options: PartProcessOptions<S>;
  readonly #metrics = createMetrics();
  readonly #shutdown;
  readonly #ready: Record<string, HealthCheck> = {};

  constructor(options: PartProcessOptions<S>) {
    this.#options = options;
    this.#shutdown = createShutdown({ log: options.log });
  }

  /** Resolves when it works, or waits for its turn to lead. */
  async run(): Promise<void> {
    const { definition, settings, env, log } = this.#options;
    const { name, election } = definition;
    onTerminationSignal(() => void this.#end());
    const { client, namespace } = await connect(settings, { name, env, log, metrics: this.#metrics });
    this.#shutdown.add("client", () => client.close());
    const health = createHealth({ ready: this.#ready });
    const server = await startHealthServer({
      ...settings["health-address"],
      health,
      metrics: this.#metrics,
    });
    this.#shutdown.add("health", server);
    log.info({ healthPort: server.port }, "Started process");
    const context = { client, log, metrics: this.#metrics, settings, namespace };
    if (election === "whole" && settings["leader-election"]) return this.#startAsLeader(context);
    await this.#startAtOnce(context);
  }

  async #startAtOnce(context: ProcessContext<S>): Promise<void> {
    const part = await this.#start(context);
    this.#shutdown.add(this.#options.definition.name, part);
    if (part.lead === undefined) return;
    if (!this.#options.settings["leader-election"]) return part.lead(this.#shutdown.signal, context.client);
    await this.#stand(context, {
      lead: (signal, client) => part.lead?.(signal, client) ?? Promise.resolve(),
      lost: () => this.#options.log.warn("Lost the lease: another does what one does alone"),
    });
  }

  /** The part begins when this replica leads; whoever loses the lease must not write once more, and ends. */
  #startAsLeader(context: ProcessContext<S>): Promise<void> {
    const { definition, log } = this.#options;
    this.#ready[definition.name] = () => {};
    return this.#stand(context, {
      lead: async (signal, client) => {
        const part = await this.#start({ ...context, client });
        await aborted(signal);
        await part.stop();
      },
      lost: () => {
        log.error("Lost the lease: ending, to begin again as one who waits");
        process.exit(1);
      },
    });
  }

  async #start(context: ProcessContext<S>): Promise<RunningPart> {
    const { definition, log } = this.#options;
    let started = false;
    this.#ready[definition.name] = () => {
      if (!started) throw new Error("it is starting");
    };
    const part = await definition.start(context);
    started = true;
    log.info("Started part");
    return part;
  }

  /** Stands for election until the process is told to end. */
  async #stand(context: ProcessContext<S>, { lead, lost }: Term): Promise<void> {
    const { definition, settings, log } = this.#options;
    const { signal } = this.#shutdown;
    const candidacy = candidacyOf(settings, { ...context, name: definition.name, log });
    const standing = new Standing(candidacy, this.#metrics);
    this.#ready.lease = () => standing.check();
    const term = async (leading: AbortSignal, leadership: Leadership): Promise<void> => {
      const ended = (): void => {
        if (!signal.aborted) lost();
      };
      standing.leads = true;
      leading.addEventListener("abort", ended);
      try {
        await lead(leading, leadership.fence(context.client));
      } catch (error) {
        // What was under way when the lease was lost was refused: that is no fault.
        if (!leading.aborted) throw error;
      } finally {
        leading.removeEventListener("abort", ended);
        standing.leads = false;
      }
    };
    const standingDown = (async () => {
      while (!signal.aborted)
        await runAsLeader({ ...candidacy, reached: () => standing.reached() }, term, signal);
    })();
    this.#shutdown.add("leadership", () => standingDown);
    await standingDown;
  }

  async #end(): Promise<void> {
    const { log } = this.#options;
    await this.#shutdown.stop().catch((error: unknown) => log.error({ err: error }, "Cannot stop in order"));
    log.info("Ended process");
    process.exit(0);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
