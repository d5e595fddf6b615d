/**
 * The embedded engine with the platform's controllers: `embedded-engine-process.ts DATA_DIR`. Tells its parent how to reach it, answers "heap",
 * and when the parent lets go or is gone it removes the directory and ends.
 */
import { rm } from "node:fs/promises";
import { start as startApiServer } from "@jdos/apiserver";
import { createCertificateAuthority, createLogger, issueCertificate } from "@jdos/component-base";
import { start as startControllerManager } from "@jdos/controller-manager";
import { start as startPlatformControllers } from "@jdos/platform-controllers";
import { start as startScheduler } from "@jdos/scheduler";
import { IDENTITIES } from "../../packages/jdosd/src/platform/context.ts";
import { createPlatformObjects } from "./platform-objects.ts";

const dataDir = process.argv[2]!;
const log = createLogger({ name: "engine", level: "error" });
const authority = await createCertificateAuthority();
const server = await issueCertificate(authority, {
  commonName: "kube-apiserver",
  dnsNames: ["localhost"],
  ipAddresses: ["127.0.0.1"],
  usages: ["server"],
});
const { name, groups } = IDENTITIES.admin;
const admin = await issueCertificate(authority, {
  commonName: name,
  organizations: groups,
  usages: ["client"],
});

const apiServer = await startApiServer({
  dataDir,
  listen: [{ host: "127.0.0.1", port: 0 }],
  tls: { ...server, clientCaPem: authority.certPem },
  log,
});
const controllerManager = await startControllerManager({
  client: apiServer.clientFor(IDENTITIES.controllerManager),
  rootCaPem: authority.certPem,
  log,
});
const scheduler = await startScheduler({ client: apiServer.clientFor(IDENTITIES.scheduler), log });
await createPlatformObjects(apiServer.clientFor(IDENTITIES.admin));
const platformControllers = await startPlatformControllers({
  client: apiServer.clientFor(IDENTITIES.platformControllers),
  log,
});

process.on("message", () => {
  globalThis.gc?.();
  process.send!(process.memoryUsage().heapUsed);
});
process.once("disconnect", async () => {
  await platformControllers.stop();
  await scheduler.stop();
  await controllerManager.stop();
  await apiServer.stop();
  await rm(dataDir, { recursive: true, force: true });
  process.exit(0);
});
process.send!({ server: apiServer.url, ca: authority.certPem, cert: admin.certPem, key: admin.keyPem });
