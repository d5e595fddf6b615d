/**
 * Asks a server that speaks Prometheus' HTTP API: Prometheus itself, Thanos, Mimir, VictoriaMetrics ...
 * @module
 */
export { type PrometheusAccess, prometheusAccess } from "./access.ts";
export { PrometheusError, type PrometheusErrorCode } from "./errors.ts";
export {
  createPrometheus,
  type Prometheus,
  type PrometheusSeries,
  type RangeOptions,
  type Send,
} from "./prometheus.ts";
