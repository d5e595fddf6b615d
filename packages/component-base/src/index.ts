/**
 * What every process needs before it does anything of its own: a logger, metrics, options, a clock, an orderly
 * shutdown, health endpoints, certificates, and a way to run the machine's commands.
 * @module
 */

export {
  behindCgroup,
  cgroupProcess,
  cgroupProcesses,
  cgroupRoots,
  isCgroup2,
  removeCgroupTree,
} from "./cgroup-tree.ts";
export type { Clock, Timer } from "./clock.ts";
export { systemClock } from "./clock.ts";
export { removeCniResults } from "./cni-results.ts";
export type { FillCompileCacheOptions } from "./compile-cache.ts";
export { compileCacheEnvironment, fillCompileCache } from "./compile-cache.ts";
export type { ContainerLogLine } from "./container-log-line.ts";
export { parseContainerLogLine } from "./container-log-line.ts";
export type { Containerd, ContainerdOptions, ContainerdPaths, PurgeContainerdOptions } from "./containerd.ts";
export {
  containerdConfig,
  containerdPaths,
  purgeContainerd,
  startContainerd,
  stopContainerd,
} from "./containerd.ts";
export { mountsBelow, unmountBelow } from "./containerd-cleanup.ts";
export type { DaemonRecord, DataPaths } from "./data-directory.ts";
export {
  claimInstance,
  DEFAULT_DATA_DIRECTORY,
  dataPaths,
  isDataDirectoryLocked,
  isPortFree,
  lockDataDirectory,
  readDaemon,
  readInstance,
  releaseInstance,
  writeDaemon,
  writeInstance,
} from "./data-directory.ts";
export type { DetachedProcessOptions, ProcessIdentity, StopProcessOptions } from "./detached-process.ts";
export {
  findDetached,
  identifyProcess,
  isRunning,
  startDetached,
  stopDetached,
  stopProcess,
} from "./detached-process.ts";
export type { ComponentErrorCode } from "./errors.ts";
export { ComponentError } from "./errors.ts";
export type { FileLock, FileLockOptions } from "./file-lock.ts";
export { lockFile } from "./file-lock.ts";
export type { Health, HealthCheck, HealthOptions, HealthReport, HealthServerOptions } from "./health.ts";
export { createHealth, startHealthServer } from "./health.ts";
export type { InstanceNames, InstancePorts } from "./instance.ts";
export { CLUSTER_DOMAIN, instanceNames, MAX_INSTANCE, RUN_ROOT } from "./instance.ts";
export { readKeyFile } from "./key-file.ts";
export type { Logger, LoggerOptions, LogLevel } from "./logger.ts";
export { createLogger } from "./logger.ts";
export type { HistogramOptions, MetricOptions, Metrics } from "./metrics.ts";
export { Counter, createMetrics, Gauge, Histogram, Registry } from "./metrics.ts";
export type { OciImage, OciLayerSource, OciRunConfig } from "./oci-archive.ts";
export { writeOciArchive } from "./oci-archive.ts";
export type { OciBlobLocation, OciDescriptor, OciLayout, OciManifest } from "./oci-layout.ts";
export { openOciLayout } from "./oci-layout.ts";
export type { Environment } from "./options.ts";
export { readBoolean, readChoice, readInteger, readLogLevel } from "./options.ts";
export type { AuthorityRequest, CertificateRequest, KeyPair } from "./pki.ts";
export { createCertificateAuthority, issueCertificate } from "./pki.ts";
export * from "./registry/index.ts";
export type { CommandResult, RunCommandOptions } from "./run-command.ts";
export { CommandError, runCommand } from "./run-command.ts";
export type { HttpAnswer, HttpQuestion } from "./send-http.ts";
export { sendHttp } from "./send-http.ts";
export * as setting from "./setting-kinds.ts";
export type { Setting, Settings, SettingValues } from "./settings.ts";
export { describeSettings, readSettings, variableOf } from "./settings.ts";
export type { Running, Shutdown, ShutdownOptions } from "./shutdown.ts";
export { createShutdown, onTerminationSignal } from "./shutdown.ts";
export type { TarEntry } from "./tar-writer.ts";
export { tarArchive, tarEnd, tarHeader, tarPadding } from "./tar-writer.ts";
