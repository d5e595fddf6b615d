import type { Pod } from "@jdos/api";
import { type DeepReadonly, StatusError } from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";
import type { AdmissionRequest, AdmissionStep } from "./admission.ts";

const PREFIX = "system:node:";
const MIRROR = "kubernetes.io/config.mirror";

/** A kubelet writes its own Node, its own lease and the Pods on it, and nothing else of the kind. */
export const nodeRestriction: AdmissionStep = {
  name: "NodeRestriction",
  validate(request) {
    const { user, endpoint } = request.call;
    if (!user.groups.includes("system:nodes") || !user.name.startsWith(PREFIX)) return;
    const node = user.name.slice(PREFIX.length);
    const why = objection(request, node, endpoint.type.resource);
    if (why === undefined) return;
    const { name } = request.call;
    throw new StatusError("Forbidden", `${endpoint.type.resource} "${name}" is forbidden: ${why}`, {
      details: { name, kind: endpoint.type.resource },
    });
  },
};

function objection(request: AdmissionRequest, node: string, resource: string): string | undefined {
  const { call, operation, object, old } = request;
  switch (resource) {
    case "nodes":
      return call.name === node ? undefined : `node "${node}" is not allowed to modify node "${call.name}"`;
    case "leases":
      if (call.namespace !== "kube-node-lease")
        return `can only access leases in the "kube-node-lease" system namespace`;
      return call.name === node
        ? undefined
        : `can only access node lease with the same name as the requesting node`;
    case "pods":
      if (operation === "CREATE")
        return createsMirror(object as Pod, node)
          ? undefined
          : `pod does not have "${MIRROR}" annotation, node "${node}" can only create mirror pods`;
      return nodeOf(old) === node
        ? undefined
        : `node "${node}" can only ${operation === "DELETE" ? "delete" : "update status for"} pods with spec.nodeName set to itself`;
    default:
      return undefined;
  }
}

function createsMirror({ metadata, spec }: Pod, node: string): boolean {
  return metadata?.annotations?.[MIRROR] !== undefined && spec?.nodeName === node;
}

function nodeOf(object: StoredObject | undefined): string | undefined {
  return (object as unknown as DeepReadonly<Pod> | undefined)?.spec?.nodeName;
}
