import { JDOS_DEFINITIONS } from "@jdos/api";
import { startTestServer, type TestServer, type TestServerOptions } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { createCertificateAuthority, createLogger } from "@jdos/component-base";
import type { PlatformApiOptions } from "../options.ts";
import { start } from "../start.ts";

export const ADMIN_TOKEN = "test-administrator-token";

export interface TestPlatform {
  readonly url: string;
  readonly server: TestServer;
  /** The administrator's Kubernetes API. */
  readonly client: Client;
  /** A call with the administrator's token. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: never }>;
  stop(): Promise<void>;
}

/** The platform API over a real API server in memory; no controller runs. */
export async function startTestPlatform(
  options: Partial<PlatformApiOptions> = {},
  serverOptions: TestServerOptions = {},
): Promise<TestPlatform> {
  const server = await startTestServer({ crds: JDOS_DEFINITIONS, ...serverOptions });
  const token = await createCertificateAuthority();
  const platform = await start({
    client: server.adminClient(),
    log: createLogger({ name: "platform-api", level: "silent" }),
    listen: { host: "127.0.0.1", port: 0 },
    adminToken: ADMIN_TOKEN,
    registry: { url: "http://127.0.0.1:1", token, nodePassword: "node-password" },
    ports: { routes: 8080, kubernetes: 7443, registry: 7500 },
    ...options,
  });
  return {
    url: platform.url,
    server,
    client: server.adminClient(),
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${platform.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${ADMIN_TOKEN}`,
          ...(body === undefined || typeof body === "string" ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: (text.startsWith("{") ? JSON.parse(text.split("\n")[0]!) : text) as never,
      };
    },
    async stop() {
      await platform.stop();
      await server.stop();
    },
  };
}
