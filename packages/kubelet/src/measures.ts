import type { Metrics } from "@jdos/component-base";

export interface Measures {
  runtimeCall(method: string, ok: boolean, seconds: number): void;
  podStarted(seconds: number): void;
  countPods(running: () => number, desired: () => number): void;
}

/** The kubelet's own numbers, under the names Kubernetes gives them. */
export function createMeasures(metrics: Metrics): Measures {
  const calls = metrics.histogram({
    name: "kubelet_runtime_operations_duration_seconds",
    help: "Length of calls to the container runtime",
    labels: ["operation_type"],
  });
  const errors = metrics.counter({
    name: "kubelet_runtime_operations_errors_total",
    help: "Calls to the container runtime that failed",
    labels: ["operation_type"],
  });
  const starts = metrics.histogram({
    name: "kubelet_pod_start_duration_seconds",
    help: "From seeing a Pod for the first time to its being ready",
  });
  const running = metrics.gauge({ name: "kubelet_running_pods", help: "Pods that the runtime holds" });
  const desired = metrics.gauge({
    name: "kubelet_desired_pods",
    help: "Pods that the API assigns to this node",
  });
  return {
    runtimeCall(method, ok, seconds) {
      calls.observe({ operation_type: method }, seconds);
      if (!ok) errors.inc({ operation_type: method });
    },
    podStarted: (seconds) => starts.observe(seconds),
    countPods(countRunning, countDesired) {
      Object.assign(running, { collect: () => running.set(countRunning()) });
      Object.assign(desired, { collect: () => desired.set(countDesired()) });
    },
  };
}
