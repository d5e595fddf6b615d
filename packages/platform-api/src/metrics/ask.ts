import { type Prometheus, PrometheusError, type PrometheusErrorCode } from "@jdos/component-base/prometheus";
import { PlatformError, type PlatformErrorCode } from "../errors.ts";

const CODES: Partial<Record<PrometheusErrorCode, PlatformErrorCode>> = {
  PrometheusUnreachable: "Unavailable",
  PrometheusStarting: "Unavailable",
  QueryRefused: "Invalid",
};

/** The server that metrics are asked of. @throws PlatformError MetricsNotConfigured */
export function requirePrometheus(prometheus: Prometheus | undefined): Prometheus {
  if (prometheus !== undefined) return prometheus;
  throw new PlatformError("MetricsNotConfigured", "Cannot show metrics: this platform was set up without", {
    hint: "An administrator names a Prometheus, or takes JDOS's own: metrics.provider in the values of jdos install",
  });
}

/** What Prometheus refuses as what this API answers. */
export async function asked<T>(answers: Promise<T>): Promise<T> {
  try {
    return await answers;
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    const code = CODES[error.code] ?? "MetricsFailed";
    throw new PlatformError(code, `Cannot show metrics: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}
