import type { AnswerCounts, CanaryTraffic } from "@jdos/api";
import type { BackendCounts } from "./haproxy/backend-counts.ts";
import type { Canary } from "./model/desired.ts";

const PARTS = ["canary", "stable"] as const;
type Counts = Record<(typeof PARTS)[number], AnswerCounts>;

interface Measured {
  uid: string;
  worker: string;
  last: Counts;
  traffic: CanaryTraffic;
}

/** What came of requests that are shared, for each Ingress and since its weight is what it is. */
export class CanaryMeter {
  #measured = new Map<string, Measured>();

  /** Call it when HAProxy leads requests by these weights, and every now and then. */
  measure(canaries: readonly Canary[], counts: BackendCounts): void {
    const next = new Map<string, Measured>();
    for (const canary of canaries) next.set(canary.ingress, this.#measure(canary, counts));
    this.#measured = next;
  }

  /** Of an Ingress by "namespace/name". */
  traffic(ingress: string): CanaryTraffic | undefined {
    return this.#measured.get(ingress)?.traffic;
  }

  #measure(
    { ingress, uid, weight, backends, stable }: Canary,
    { worker, backends: counted }: BackendCounts,
  ): Measured {
    const now: Counts = { canary: sumOf(backends, counted), stable: sumOf(stable, counted) };
    const before = this.#measured.get(ingress);
    if (before === undefined || before.uid !== uid || before.traffic.weight !== weight)
      return { uid, worker, last: now, traffic: { weight, canary: NONE, stable: NONE } };
    const traffic = { ...before.traffic };
    for (const part of PARTS) {
      const base = before.worker === worker ? before.last[part] : NONE;
      traffic[part] = plus(traffic[part], since(base, now[part]));
    }
    return { uid, worker, last: now, traffic };
  }
}

const NONE: AnswerCounts = { requests: 0, errors: 0 };

/** The sum of several replicas; undefined when they do not lead by one weight yet. */
export function sumOfReplicas(all: readonly (CanaryTraffic | undefined)[]): CanaryTraffic | undefined {
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  let sum: CanaryTraffic = first;
  for (const other of others) {
    if (other?.weight !== first.weight) return undefined;
    sum = { ...sum, canary: plus(sum.canary, other.canary), stable: plus(sum.stable, other.stable) };
  }
  return sum;
}

function sumOf(names: readonly string[], counted: BackendCounts["backends"]): AnswerCounts {
  return [...new Set(names)].reduce((sum, name) => plus(sum, counted.get(name) ?? NONE), NONE);
}

function plus(a: AnswerCounts, b: AnswerCounts): AnswerCounts {
  return { requests: a.requests + b.requests, errors: a.errors + b.errors };
}

/** Counters that went back were begun anew. */
function since(before: AnswerCounts, now: AnswerCounts): AnswerCounts {
  if (now.requests < before.requests || now.errors < before.errors) return now;
  return { requests: now.requests - before.requests, errors: now.errors - before.errors };
}
