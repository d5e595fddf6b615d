import type { Counter, Metrics } from "@jdos/component-base";
import { CODES, type Counted, type SlotCounts } from "./haproxy/backend-counts.ts";
import { LATENCY_BOUNDS } from "./haproxy/latency.ts";

/** Whose requests they are. */
export interface Owner {
  readonly system: string;
  readonly application: string;
}

type Labels = "system" | "application";

/**
 * Requests of each application as metrics. HAProxy's backends are a pool that one application after another stands
 * in: what was counted since the last look goes to who stands there, so look before they change.
 */
export class RequestMeter {
  readonly #requests: Counter<Labels | "code">;
  readonly #latency: Counter<Labels | "le">;
  readonly #count: Counter<Labels>;
  #last: { worker: string; slots: ReadonlyMap<string, SlotCounts> } | undefined;
  #owners = new Map<string, Owner>();

  constructor(metrics: Metrics) {
    this.#requests = metrics.counter({
      name: "jdos_http_requests_total",
      help: "Requests that were answered, by class of the answer's status; 5xx with those HAProxy answered itself",
      labels: ["system", "application", "code"],
    });
    this.#latency = metrics.counter({
      name: "jdos_http_request_duration_seconds_bucket",
      help: "Answers of the application's Pods that began within so many seconds",
      labels: ["system", "application", "le"],
    });
    this.#count = metrics.counter({
      name: "jdos_http_request_duration_seconds_count",
      help: "Answers of the application's Pods",
      labels: ["system", "application"],
    });
  }

  /** `owners`: by the names of wanted backends. */
  measure({ worker, slots }: Counted, owners: ReadonlyMap<string, Owner>): void {
    for (const slot of slots) {
      const owner = slot.serves === null ? undefined : owners.get(slot.serves);
      // What was counted before this process began is not known to be its Pods' of now.
      if (owner === undefined || this.#last === undefined) continue;
      const before = this.#last.worker === worker ? this.#last.slots.get(slot.name) : undefined;
      this.#add(owner, slot, before);
    }
    this.#last = { worker, slots: new Map(slots.map((slot) => [slot.name, slot])) };
    this.#forget(owners);
  }

  #add(owner: Owner, now: SlotCounts, before: SlotCounts | undefined): void {
    for (const [index, code] of CODES.entries()) {
      const more = since(before?.codes[index], now.codes[index]);
      // Classes that every application has begin at zero, so that its first requests are seen as more than before.
      if (more > 0 || ["2xx", "4xx", "5xx"].includes(code)) this.#requests.inc({ ...owner, code }, more);
    }
    for (const [index, bound] of [...LATENCY_BOUNDS, Number.POSITIVE_INFINITY].entries()) {
      const more = since(before?.latency[index], now.latency[index]);
      const le = Number.isFinite(bound) ? String(bound / 1000) : "+Inf";
      this.#latency.inc({ ...owner, le }, more);
      if (le === "+Inf") this.#count.inc({ ...owner }, more);
    }
  }

  /** Metrics of applications without routes end. */
  #forget(owners: ReadonlyMap<string, Owner>): void {
    const now = new Map([...owners.values()].map((owner) => [`${owner.system}/${owner.application}`, owner]));
    for (const [key, owner] of this.#owners) {
      if (now.has(key)) continue;
      for (const code of CODES) this.#requests.remove({ ...owner, code });
      for (const bound of LATENCY_BOUNDS) this.#latency.remove({ ...owner, le: String(bound / 1000) });
      this.#latency.remove({ ...owner, le: "+Inf" });
      this.#count.remove({ ...owner });
    }
    this.#owners = now;
  }
}

/** Counters that went back were begun anew. */
function since(before = 0, now = 0): number {
  return now < before ? now : now - before;
}
