import { StatusError } from "@jdos/apimachinery";
import type { Core } from "../../registry/call.ts";
import type { ResourceCall } from "../call-of.ts";
import { containerOf, kubeletOf, podOf, type Target } from "./target.ts";

/** Streams of the API by the kubelet's name for each. */
const STREAMS = { exec: "exec", attach: "attach", portforward: "portForward" } as const;
/** PodExecOptions by the kubelet's name for each. */
const OPTIONS = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" } as const;

/** True for subresources that open a stream to a container. */
export function isStream(subresource: string | undefined): subresource is keyof typeof STREAMS {
  return subresource !== undefined && Object.hasOwn(STREAMS, subresource);
}

/** The kubelet and its path for a stream. */
export function streamTarget(
  core: Core,
  { call, request: { query } }: ResourceCall,
): { target: Target; path: string } {
  if (!isStream(call.subresource)) throw new StatusError("BadRequest", "this path is not upgraded");
  const pod = podOf(core, call);
  const phase = pod.status?.phase;
  if (call.subresource !== "portforward" && (phase === "Succeeded" || phase === "Failed")) {
    throw new StatusError(
      "BadRequest",
      `cannot exec into a container in a completed pod; current phase is ${phase}`,
    );
  }
  const target = kubeletOf(core, pod);
  const base = `/${STREAMS[call.subresource]}/${encodeURIComponent(call.namespace)}/${encodeURIComponent(call.name)}`;
  if (call.subresource === "portforward") return { target, path: `${base}?${portQuery(query)}` };
  const container = containerOf(pod, query.get("container"));
  return { target, path: `${base}/${encodeURIComponent(container)}?${containerQuery(query)}` };
}

function containerQuery(query: URLSearchParams): URLSearchParams {
  const passed = new URLSearchParams();
  for (const [name, given] of Object.entries(OPTIONS)) {
    const value = query.get(name);
    if (value === "true" || value === "1") passed.set(given, "1");
  }
  for (const word of query.getAll("command")) passed.append("command", word);
  return passed;
}

function portQuery(query: URLSearchParams): URLSearchParams {
  const passed = new URLSearchParams();
  for (const port of query.getAll("ports")) passed.append("port", port);
  return passed;
}
