import { createMetrics, type Metrics } from "@jdos/component-base";

/** What became of a request, as metrics count it. */
export type RequestResult =
  | "accepted"
  | "replayed"
  | "unsigned"
  | "limited"
  | "too_large"
  | "unreadable"
  | "failed";

export interface HookMetrics {
  count(result: RequestResult): void;
}

export function createHookMetrics(metrics: Metrics = createMetrics()): HookMetrics {
  const requests = metrics.counter<"result">({
    name: "git_server_hook_requests_total",
    help: "Deliveries that came in, by what became of the request",
    labels: ["result"],
  });
  return { count: (result) => requests.inc({ result }) };
}
