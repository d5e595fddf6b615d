import type { Metrics } from "@jdos/component-base";

/** What is asked of the server: the verbs of its authorization, and the two that have no object. */
export type Verb =
  | "get"
  | "list"
  | "watch"
  | "create"
  | "update"
  | "patch"
  | "delete"
  | "deletecollection"
  | "connect"
  | "raw";

/** What a client measures. */
export interface ClientMetrics {
  /** One request and its answer's first bytes; a code of "<error>" when there was no answer. */
  answered(verb: Verb, code: number | "<error>", seconds: number): void;
  /** A call that waited for its turn under the client's own limit. */
  throttled(verb: Verb, seconds: number): void;
  /** A request that is made again: after which code. */
  retried(verb: Verb, code: number | "<error>"): void;
}

export function createClientMetrics(metrics: Metrics): ClientMetrics {
  const requests = metrics.counter({
    name: "rest_client_requests_total",
    help: "Requests by verb and code; code <error> when no answer came",
    labels: ["verb", "code"],
  });
  const seconds = metrics.histogram({
    name: "rest_client_request_duration_seconds",
    help: "Time to the head of the answer by verb",
    labels: ["verb"],
  });
  const waits = metrics.histogram({
    name: "rest_client_rate_limiter_duration_seconds",
    help: "Time that calls waited for their turn under the client's own limit",
    labels: ["verb"],
  });
  const retries = metrics.counter({
    name: "rest_client_request_retries_total",
    help: "Requests that were made again, by verb and the code before",
    labels: ["verb", "code"],
  });
  return {
    answered: (verb, code, took) => {
      requests.inc({ verb, code: String(code) });
      seconds.observe({ verb }, took);
    },
    throttled: (verb, waited) => waits.observe({ verb }, waited),
    retried: (verb, code) => retries.inc({ verb, code: String(code) }),
  };
}
