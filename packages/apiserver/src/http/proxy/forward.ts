import { pipeline } from "node:stream";
import { StatusError } from "@jdos/apimachinery";
import { authorizeCall } from "../../authorization/authorize.ts";
import type { Core } from "../../registry/call.ts";
import type { ResourceCall } from "../call-of.ts";
import type { ApiResponse } from "../request.ts";
import { answerOf, dial, type KubeletTls, type Outgoing } from "./dial.ts";
import { kubeletOfNode, podTarget, serviceTarget, splitProxyName, type Target } from "./target.ts";

/** Hop-by-hop headers and those that show who calls. */
const KEPT_BACK =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|authorization|impersonate-.*|host|content-length|accept-encoding)$/;
const VERBS: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
  OPTIONS: "get",
};

/** Any method on pods/proxy, services/proxy, nodes/proxy: passed on, and the answer passed back. */
export async function handleProxy(
  core: Core,
  call: ResourceCall,
  tls: KubeletTls | undefined,
): Promise<ApiResponse> {
  const { request } = call;
  authorizeCall(core, call.call, VERBS[request.method] ?? "get");
  const { target, outgoing } = proxyRequest(core, call);
  const sent = dial(target, outgoing, tls);
  pipeline(request.stream(), sent, () => {
    // An error of either side is the answer's to report.
  });
  const response = await answerOf(sent, target);
  const headers = Object.entries(response.headers).filter(
    ([header]) => !/^(connection|keep-alive|transfer-encoding)$/.test(header),
  );
  return {
    status: response.statusCode ?? 502,
    headers: Object.fromEntries(headers) as Record<string, string | string[]>,
    body: response,
  };
}

/** What is sent where. */
export function proxyRequest(core: Core, call: ResourceCall): { target: Target; outgoing: Outgoing } {
  const { request, rest } = call;
  const headers = Object.entries(request.headers).filter(
    ([header, value]) => value !== undefined && !KEPT_BACK.test(header),
  );
  const query = request.query.size === 0 ? "" : `?${request.query}`;
  const target = targetOf(core, call);
  return {
    target,
    outgoing: {
      method: request.method,
      path: `/${rest}${query}`,
      headers: {
        ...(Object.fromEntries(headers) as Record<string, string>),
        host: `${target.host}:${target.port}`,
      },
      signal: request.signal,
    },
  };
}

function targetOf(core: Core, { call }: ResourceCall): Target {
  switch (call.endpoint.type.resource) {
    case "pods":
      return podTarget(core, call);
    case "services":
      return serviceTarget(core, call);
    case "nodes":
      return kubeletOfNode(core, splitProxyName(call.name).name);
    default:
      throw new StatusError("NotFound", "the server could not find the requested resource", { details: {} });
  }
}
