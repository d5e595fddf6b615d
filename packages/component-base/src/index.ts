/**
 * What every process needs before it does anything of its own: a logger, metrics, options, a clock, an orderly
 * shutdown, health endpoints, certificates and a way to run the machine's commands.
 */
export type { Clock } from "./clock.ts";
export { systemClock } from "./clock.ts";
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
export type { ComponentErrorCode } from "./errors.ts";
export { ComponentError } from "./errors.ts";
export type { FileLock, FileLockOptions } from "./file-lock.ts";
export { lockFile } from "./file-lock.ts";
export type { InstanceNames, InstancePorts } from "./instance.ts";
export { CLUSTER_DOMAIN, instanceNames, MAX_INSTANCE, RUN_ROOT } from "./instance.ts";
export type { Logger, LoggerOptions, LogLevel } from "./logger.ts";
export { createLogger } from "./logger.ts";
export type { AuthorityRequest, CertificateRequest, KeyPair } from "./pki.ts";
export { createCertificateAuthority, issueCertificate } from "./pki.ts";
