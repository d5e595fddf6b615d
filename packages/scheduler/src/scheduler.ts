import type { Pod } from "@jdos/api";
import { Pods } from "@jdos/api";
import { formatKey, isStatus, type KubeObject, keyOf } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { Clock, Logger } from "@jdos/component-base";
import type { EventRecorder } from "@jdos/controller-runtime";
import type { ClusterCache } from "./cache/cluster-cache.ts";
import { describeRejection, type Misfit, type NodeSelector } from "./framework/select-node.ts";
import type { SchedulerMetrics } from "./metrics.ts";
import { findVictims, type Victims } from "./preemption.ts";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";
import { reportNotScheduled } from "./report.ts";

export interface SchedulerParts {
  client: Client;
  cache: ClusterCache;
  queue: SchedulingQueue;
  selector: NodeSelector;
  events: EventRecorder;
  clock: Clock;
  log: Logger;
  metrics: SchedulerMetrics;
  /** Bindings under way at the same time. */
  bindConcurrency: number;
}

/** So long decisions are made before other work of the process gets its turn. */
const TURN_MILLIS = 5;

/**
 * Takes Pods from the queue one after another, decides in memory, assumes the Pod on its node, and binds beside
 * the next decision. A binding that the server refuses takes the assumption back.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  #scheduled = false;
  #stopped = false;
  readonly #binding = new Set<Promise<void>>();

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    parts.queue.onActive(() => this.wake());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#parts.queue.stop();
    await Promise.all(this.#binding);
  }

  /** Looks at the queue soon; called once after the start, and whenever a Pod becomes active. */
  wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const { queue, bindConcurrency, clock } = this.#parts;
    const started = clock.monotonicMillis();
    while (clock.monotonicMillis() - started < TURN_MILLIS) {
      if (this.#stopped || this.#binding.size >= bindConcurrency) return;
      const pod = queue.take();
      if (pod === undefined) return;
      this.#decide(pod);
    }
    this.wake();
  }

  #decide(pod: Stored<Pod>): void {
    const { cache, queue, selector, clock, metrics } = this.#parts;
    const started = clock.monotonicMillis();
    const selection = selector.select(pod, cache);
    const result = selection.node === undefined ? "unschedulable" : "scheduled";
    metrics.attempted(result, clock.monotonicMillis() - started);
    if (selection.node === undefined) {
      queue.park(pod, queue.epoch);
      this.#run(this.#reportUnschedulable(pod, selection));
      return;
    }
    const nodeName = selection.node.node.metadata.name;
    cache.place(pod, nodeName);
    this.#run(this.#bind(pod, nodeName));
  }

  #run(work: Promise<void>): void {
    const done = work.finally(() => {
      this.#binding.delete(done);
      if (this.#parts.queue.activeCount > 0) this.wake();
    });
    this.#binding.add(done);
  }

  async #bind(pod: Stored<Pod>, nodeName: string): Promise<void> {
    const { client, events, cache, queue, log } = this.#parts;
    const { namespace, name } = keyOf(pod);
    const binding: KubeObject & { target: object } = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { namespace, name, uid: pod.metadata.uid },
      target: { apiVersion: "v1", kind: "Node", name: nodeName },
    };
    try {
      await client.createSubresource(Pods, { namespace, name }, "binding", binding);
    } catch (error) {
      cache.remove(pod);
      if (isStatus(error, "NotFound")) return;
      log.warn({ err: error, pod: formatKey({ namespace, name }), node: nodeName }, "Cannot bind pod");
      if (!isStatus(error, "Conflict")) queue.park(pod, queue.epoch - 1);
      return;
    }
    events.event(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  }

  async #reportUnschedulable(pod: Stored<Pod>, misfit: Misfit): Promise<void> {
    const { client, events, clock, log, cache, selector } = this.#parts;
    const { victims, outcome } = findVictims(pod, { misfit, cache, selector });
    const misfitMessage = describeRejection(misfit.total, misfit.reasons);
    const message = misfit.total === 0 ? misfitMessage : `${misfitMessage} preemption: ${outcome}`;
    events.event(pod, "Warning", "FailedScheduling", message);
    if (victims !== undefined) cache.nominate(pod, victims.nodeName);
    try {
      if (victims !== undefined) await this.#preempt(pod, victims);
      const nominatedNodeName = victims?.nodeName;
      await reportNotScheduled(client, pod, {
        reason: "Unschedulable",
        message,
        nominatedNodeName,
        now: clock.now(),
      });
    } catch (error) {
      log.warn({ err: error, pod: formatKey(keyOf(pod)) }, "Cannot write why a pod is unschedulable");
    }
  }

  /** Asks the victims to leave, as kindly as they asked for; their end wakes the queue. */
  async #preempt(pod: Stored<Pod>, { nodeName, pods }: Victims): Promise<void> {
    const { client, events, metrics } = this.#parts;
    const staying = pods.filter((victim) => victim.metadata.deletionTimestamp === undefined);
    metrics.preempted(staying.length);
    for (const victim of staying) {
      const message = `Preempted by pod ${pod.metadata.uid} on node ${nodeName}`;
      events.event(victim, "Normal", "Preempted", message);
      try {
        await client.delete(Pods, keyOf(victim), { preconditions: { uid: victim.metadata.uid } });
      } catch (error) {
        if (!isStatus(error, "NotFound", "Conflict")) throw error;
      }
    }
  }
}
