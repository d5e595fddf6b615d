import type { Client, InformerFactory } from "@jdos/client";
import type { Logger } from "@jdos/component-base";
import type { EventRecorder } from "@jdos/controller-runtime";
import { LoadBalancerError } from "./errors.ts";
import type { Haproxy } from "./haproxy/haproxy.ts";
import { buildDesired, type Problem } from "./model/build-desired.ts";
import type { Desired } from "./model/desired.ts";
import { canListen } from "./port-probe.ts";
import { type ReadWorldOptions, readWorld } from "./read-world.ts";
import { writeStatus } from "./write-status.ts";

export interface BalancerOptions extends ReadWorldOptions {
  informers: InformerFactory;
  events: EventRecorder;
  haproxy: Haproxy;
  log: Logger;
  listenAddress: string;
  publishAddress: string;
}

/** Reads the world and brings HAProxy there; one round serves all changes that came before it. */
export class Balancer {
  readonly #options: BalancerOptions;
  #reported = new Set<string>();
  /** Writes statuses; undefined while another replica does. */
  #writer: Client | undefined;

  constructor(options: BalancerOptions) {
    this.#options = options;
  }

  /** By which client it says in statuses and Events what it did, from the next round on; undefined: not at all. */
  set writer(writer: Client | undefined) {
    this.#writer = writer;
    this.#reported.clear();
  }

  /**
   * True when a port that is asked for belongs to another process: look again later.
   * @throws what HAProxy or the API server refuses; the caller tries again.
   */
  async sync(): Promise<boolean> {
    const { informers, haproxy, publishAddress: address } = this.#options;
    const world = readWorld(informers, this.#options);
    const busyPorts = await this.#busyPorts(buildDesired(world).desired);
    const possible = { ...world, reservedPorts: new Set([...world.reservedPorts, ...busyPorts]) };
    const { desired, problems } = buildDesired(possible);
    if (this.#writer !== undefined) this.#report(problems);
    await haproxy.apply(desired);
    if (this.#writer !== undefined) await writeStatus(this.#writer, { world, desired, address });
    return busyPorts.length > 0;
  }

  /** A worker with a port that it cannot have does not start, and pauses the one that serves while it tries. */
  async #busyPorts({ tcp }: Desired): Promise<number[]> {
    const { haproxy, listenAddress } = this.#options;
    const busy: number[] = [];
    for (const { port } of tcp) {
      if (!haproxy.servedPorts.has(port) && !(await canListen(listenAddress, port))) busy.push(port);
    }
    return busy;
  }

  /** Notices that HAProxy was restarted. Not being there is no error: it reads the files when it comes. */
  async check(): Promise<false> {
    try {
      await this.#options.haproxy.converge();
    } catch (error) {
      if (!(error instanceof LoadBalancerError && error.code === "HaproxyUnreachable")) throw error;
    }
    return false;
  }

  /** One Event a problem, until it is gone. */
  #report(problems: readonly Problem[]): void {
    const now = new Set<string>();
    for (const { about, reason, message } of problems) {
      const key = `${about.metadata.uid} ${reason} ${message}`;
      now.add(key);
      if (!this.#reported.has(key)) this.#options.events.event(about, "Warning", reason, message);
    }
    this.#reported = now;
  }
}
