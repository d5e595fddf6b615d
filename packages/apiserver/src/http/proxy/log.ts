import { authorizeCall } from "../../authorization/authorize.ts";
import type { Core } from "../../registry/call.ts";
import type { ResourceCall } from "../call-of.ts";
import type { ApiResponse } from "../request.ts";
import { answerOf, dial, type KubeletTls, refusalOf } from "./dial.ts";
import { containerOf, kubeletOf, podOf } from "./target.ts";

const PASSED = [
  "follow",
  "previous",
  "sinceSeconds",
  "sinceTime",
  "timestamps",
  "tailLines",
  "limitBytes",
  "stream",
] as const;

/** GET pods/log: the kubelet's answer as it comes. */
export async function handleLog(
  core: Core,
  { call, request }: ResourceCall,
  tls: KubeletTls | undefined,
): Promise<ApiResponse> {
  authorizeCall(core, call, "get");
  const pod = podOf(core, call);
  const container = containerOf(pod, request.query.get("container"));
  const target = kubeletOf(core, pod);
  const query = new URLSearchParams();
  for (const name of PASSED) {
    const value = request.query.get(name);
    if (value !== null) query.set(name, value);
  }
  const path = `/containerLogs/${encodeURIComponent(call.namespace)}/${encodeURIComponent(call.name)}/${encodeURIComponent(container)}?${query}`;
  const outgoing = dial(target, { method: "GET", path, headers: {}, signal: request.signal }, tls);
  outgoing.end();
  const response = await answerOf(outgoing, target);
  if ((response.statusCode ?? 500) >= 400) throw await refusalOf(response);
  return { status: 200, headers: { "content-type": "text/plain" }, body: response };
}
