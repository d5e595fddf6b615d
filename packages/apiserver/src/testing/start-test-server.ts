import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CustomResourceDefinition, CustomResourceDefinitions } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import type { Client, UserInfo } from "@jdos/client";
import {
  createCertificateAuthority,
  createLogger,
  issueCertificate,
  type Logger,
} from "@jdos/component-base";
import type { ApiServerOptions } from "../options.ts";
import type { Core } from "../registry/call.ts";
import { start } from "../start.ts";
import { customTypes, fallbackStrategy } from "./fallback-strategy.ts";

export interface TestServerOptions {
  /** Defaults to the machine's clock. */
  now?: () => Date;
  /** Also listens on 127.0.0.1 with a fresh certificate. Defaults to false. */
  https?: boolean;
  /** Installed before the server is handed over. */
  crds?: readonly CustomResourceDefinition[];
  /** Pods need a ServiceAccount, and get its token volume, as on a real server. Defaults to false. */
  serviceAccounts?: boolean;
  /** Defaults to ":memory:". */
  dataDir?: string;
  /** Defaults to silence. */
  log?: Logger;
  /** Any other option of the server. */
  options?: Partial<ApiServerOptions>;
}

export interface TestServer {
  /** A client that may do everything. */
  adminClient(): Client;
  clientFor(user: UserInfo): Client;
  /** The last committed revision. */
  revision(): number;
  /** With https: "https://127.0.0.1:PORT". */
  readonly url: string;
  /** With https: the authority of the server's certificate. */
  readonly caPem: string;
  /** With https: the path of a kubeconfig for kubectl, removed by stop(). */
  readonly adminKubeconfig: string;
  /** With https: a client certificate of a user. */
  certificateFor(user: UserInfo): Promise<{ certPem: string; keyPem: string }>;
  /** The parts, for tests that look inside. */
  readonly core: Core;
  stop(): Promise<void>;
}

const ADMIN: UserInfo = { name: "admin", groups: ["system:masters"] };

/**
 * Starts an API server, in memory unless a directory is given. It lives until stop(). The platform's own Kinds
 * are served without rules until their definitions are installed.
 */
export async function startTestServer(given: TestServerOptions = {}): Promise<TestServer> {
  const authority = given.https ? await createCertificateAuthority() : undefined;
  const server = await start(await serverOptions(given, authority));
  const adminClient = () => server.clientFor(ADMIN);
  for (const type of customTypes()) server.core.catalog.install(fallbackStrategy(type));
  for (const crd of given.crds ?? []) await installDefinition(adminClient(), crd);
  const certificateFor = ({ name, groups = [] }: UserInfo) => {
    if (authority === undefined) throw new Error("the test server has no certificates: start it with https");
    return issueCertificate(authority, { commonName: name, organizations: groups, usages: ["client"] });
  };
  const kubeconfig =
    authority === undefined
      ? undefined
      : writeKubeconfig({ url: server.url!, caPem: authority.certPem, ...(await certificateFor(ADMIN)) });
  return {
    adminClient,
    clientFor: server.clientFor,
    revision: server.revision,
    url: server.url ?? "",
    caPem: authority?.certPem ?? "",
    adminKubeconfig: kubeconfig === undefined ? "" : join(kubeconfig, "kubeconfig"),
    certificateFor,
    core: server.core,
    stop: async () => {
      await server.stop();
      if (kubeconfig !== undefined) rmSync(kubeconfig, { recursive: true, force: true });
    },
  };
}

/** Creates a definition and waits until its objects are served. */
async function installDefinition(client: Client, crd: CustomResourceDefinition): Promise<void> {
  const { metadata } = await client.create(CustomResourceDefinitions, crd);
  const watch = await client.watch(CustomResourceDefinitions, {
    fieldSelector: `metadata.name=${metadata.name}`,
  });
  for await (const event of watch) {
    if (event.type !== "BOOKMARK" && isConditionTrue(event.object.status?.conditions, "Established")) return;
  }
}

async function serverOptions(
  given: TestServerOptions,
  authority: { certPem: string; keyPem: string } | undefined,
): Promise<ApiServerOptions> {
  return {
    dataDir: given.dataDir ?? ":memory:",
    log: given.log ?? createLogger({ name: "apiserver", level: "silent" }),
    ...(given.now === undefined ? {} : { now: given.now }),
    ...(authority === undefined
      ? {}
      : { listen: [{ host: "127.0.0.1", port: 0 }], tls: await serverTls(authority) }),
    // As in envtest: no controller makes the ServiceAccounts that Pods would need.
    ...(given.serviceAccounts ? {} : { disabledAdmission: ["ServiceAccount"] }),
    ...given.options,
  };
}

async function serverTls(authority: { certPem: string; keyPem: string }) {
  const pair = await issueCertificate(authority, {
    commonName: "kubernetes",
    dnsNames: ["localhost", "kubernetes.default.svc"],
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
  });
  return { ...pair, clientCaPem: authority.certPem };
}

/** Returns the directory that holds the file. */
function writeKubeconfig({
  url,
  caPem,
  certPem,
  keyPem,
}: {
  url: string;
  caPem: string;
  certPem: string;
  keyPem: string;
}): string {
  const directory = mkdtempSync(join(tmpdir(), "jdos-apiserver-"));
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    clusters: [{ name: "test", cluster: { server: url, "certificate-authority-data": base64(caPem) } }],
    users: [
      {
        name: "admin",
        user: { "client-certificate-data": base64(certPem), "client-key-data": base64(keyPem) },
      },
    ],
  };
  writeFileSync(join(directory, "kubeconfig"), JSON.stringify(config), { mode: 0o600 });
  return directory;
}
