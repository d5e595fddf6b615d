import { Namespaces } from "@jdos/api";
import { notFound, StatusError } from "@jdos/apimachinery";
import type { AdmissionRequest, AdmissionStep } from "./admission.ts";
import type { AdmissionWorld } from "./steps.ts";

const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** Nothing is created in a Namespace that is missing or ending, and the system's own are not deleted. */
export function namespaceLifecycle({ store }: AdmissionWorld): AdmissionStep {
  return {
    name: "NamespaceLifecycle",
    validate({ operation, call }) {
      const { type } = call.endpoint;
      if (operation === "DELETE" && type.kind === "Namespace" && IMMORTAL.has(call.name)) {
        throw new StatusError(
          "Forbidden",
          `namespaces "${call.name}" is forbidden: this namespace may not be deleted`,
          { details: { name: call.name, kind: "namespaces" } },
        );
      }
      if (operation !== "CREATE" || !type.namespaced) return;
      const namespace = store.peek({ resource: "namespaces", namespace: "", name: call.namespace });
      if (namespace === undefined) throw notFound(Namespaces, call.namespace);
      if (namespace.metadata.deletionTimestamp !== undefined) throw terminating(call);
    },
  };
}

function terminating({ endpoint: { type }, name, namespace }: AdmissionRequest["call"]): StatusError {
  const resource = type.group === "" ? type.resource : `${type.resource}.${type.group}`;
  return new StatusError(
    "Forbidden",
    `${resource} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    {
      details: {
        name,
        ...(type.group === "" ? {} : { group: type.group }),
        kind: type.resource,
        causes: [
          {
            reason: "NamespaceTerminating",
            message: `namespace ${namespace} is being terminated`,
            field: "metadata.namespace",
          },
        ],
      },
    },
  );
}
