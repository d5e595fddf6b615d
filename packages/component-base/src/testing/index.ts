/**
 * For tests: a clock that stands still until told, a logger that says nothing, an instance number of one's own, a free port, the
 * real registry, Prometheus and ClickHouse.
 * @module
 */
export {
  type DockerRegistry,
  listening,
  REGISTRY_PROGRAM,
  type RegistrySettings,
  registryMissing,
  startDockerRegistry,
} from "./docker-registry.ts";
export { eventually } from "./eventually.ts";
export { FakeClock } from "./fake-clock.ts";
export { freePort } from "./free-port.ts";
export { startTestHarbor, type TestHarbor, type TestHarborOptions } from "./harbor.ts";
export { silentLogger } from "./silent-logger.ts";
export { clickhouseRoot, startTestClickHouse, type TestClickHouse } from "./start-clickhouse.ts";
export {
  startTestExposition,
  startTestPrometheus,
  type TestExposition,
  type TestPrometheus,
  type TestPrometheusOptions,
} from "./start-prometheus.ts";
export { lockTestInstance, removeTestLocks, testInstance } from "./test-instance.ts";
