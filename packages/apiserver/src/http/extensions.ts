import type { Duplex } from "node:stream";
import { StatusError } from "@jdos/apimachinery";
import type { UpgradedConnection } from "@jdos/client";
import type { TokenAuthenticator } from "../authentication/token-authenticator.ts";
import { declarations, handleOpenApi, OpenApi } from "../openapi/index.ts";
import type { ApiServerOptions } from "../options.ts";
import type { Core } from "../registry/call.ts";
import type { Extensions } from "./dispatch.ts";
import { VERSION } from "./paths/version.ts";
import type { ApiRequest } from "./request.ts";

export interface ExtensionsOptions {
  core: Core;
  tokens: TokenAuthenticator;
  options: ApiServerOptions;
}

/** What answers beside the registry: OpenAPI, metrics, and what is passed on to kubelets, Pods and Services. */
export function createExtensions({ core }: ExtensionsOptions): Extensions & {
  connect(request: ApiRequest): Promise<UpgradedConnection>;
  upgrade(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void>;
} {
  const openApi = new OpenApi({ catalog: core.catalog, declarations, version: VERSION.gitVersion });
  return {
    path(request) {
      const answer = handleOpenApi(openApi, request);
      return answer === undefined ? undefined : Promise.resolve(answer);
    },
    subresource: () => undefined,
    connect: async () => {
      throw new StatusError("BadRequest", "Upgrade request required: this path is not upgraded");
    },
    upgrade: async () => {
      throw new StatusError("BadRequest", "this path is not upgraded");
    },
  };
}
