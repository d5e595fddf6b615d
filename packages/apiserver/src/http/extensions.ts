import type { Duplex } from "node:stream";
import { StatusError } from "@jdos/apimachinery";
import type { UpgradedConnection } from "@jdos/client";
import { authorizeCall } from "../authorization/authorize.ts";
import { declarations, handleOpenApi, OpenApi } from "../openapi/index.ts";
import type { ApiServerOptions } from "../options.ts";
import type { Core } from "../registry/call.ts";
import type { ResourceCall } from "./call-of.ts";
import type { Extensions } from "./dispatch.ts";
import type { ServerMetrics } from "./metrics.ts";
import { VERSION } from "./paths/version.ts";
import { handleProxy } from "./proxy/forward.ts";
import { handleLog } from "./proxy/log.ts";
import { isStream } from "./proxy/stream-path.ts";
import { connectionOf, joinTunnel, openTunnel } from "./proxy/tunnel.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";

export interface ExtensionsOptions {
  core: Core;
  options: ApiServerOptions;
  metrics: ServerMetrics;
}

/** Extensions, and the streams that take over a connection. */
export interface ServerExtensions extends Extensions {
  connect(request: ApiRequest): Promise<UpgradedConnection>;
  upgrade(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void>;
}

/** What answers beside the registry: OpenAPI, metrics, and what is passed on to kubelets, Pods and Services. */
export function createExtensions({ core, options, metrics }: ExtensionsOptions): ServerExtensions {
  const tls = options.kubeletClientTls;
  const openApi = new OpenApi({ catalog: core.catalog, declarations, version: VERSION.gitVersion });
  return {
    path(request) {
      if (request.path === "/metrics") return metrics.answer();
      const answer = handleOpenApi(openApi, request);
      return answer === undefined ? undefined : Promise.resolve(answer);
    },
    subresource(call): Promise<ApiResponse> | undefined {
      const { subresource } = call.call;
      if (subresource === "log") return handleLog(core, call, tls);
      if (subresource === "proxy") return handleProxy(core, call, tls);
      return isStream(subresource) ? refuseWithoutUpgrade(core, call) : undefined;
    },
    connect: async (request) => connectionOf(await openTunnel(core, request, tls)),
    upgrade: async (request, socket, head) => joinTunnel(await openTunnel(core, request, tls), socket, head),
  };
}

async function refuseWithoutUpgrade(core: Core, { call, request }: ResourceCall): Promise<ApiResponse> {
  authorizeCall(core, call, request.method === "GET" ? "get" : "create");
  throw new StatusError("BadRequest", "Upgrade request required");
}
