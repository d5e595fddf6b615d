import { type Namespace, Namespaces } from "@jdos/api";
import type { Mutable } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { separateStatus } from "../../update/spec-and-status.ts";
import { dnsLabel, nameRule } from "../../validation/names.ts";

/** The finalizer in spec: the namespace controller takes it away when the namespace is empty. */
const FINALIZER = "kubernetes";
const NAME_LABEL = "kubernetes.io/metadata.name";

export const namespaceStrategy: Strategy<Namespace> = {
  type: Namespaces,
  singular: "namespace",
  shortNames: ["ns"],
  subresources: [
    { name: "finalize", verbs: ["update"] },
    { name: "status", verbs: ["get", "patch", "update"] },
  ],
  validateName: nameRule(dnsLabel),
  defaults(namespace) {
    const name = namespace.metadata?.name;
    if (name === undefined) return;
    namespace.metadata = {
      ...namespace.metadata,
      labels: { ...namespace.metadata?.labels, [NAME_LABEL]: name },
    };
  },
  prepareForCreate(object) {
    const namespace = object as Mutable<Namespace>;
    const others = (namespace.spec?.finalizers ?? []).filter((one) => one !== FINALIZER);
    namespace.spec = { ...namespace.spec, finalizers: [...others, FINALIZER] };
    namespace.status = { phase: "Active" };
  },
  prepareForUpdate(object, old, _context, subresource) {
    const namespace = object as Mutable<Namespace>;
    if (separateStatus(namespace, old, subresource)) return;
    if (subresource === "finalize") return;
    namespace.spec = { ...namespace.spec };
    if (old.spec?.finalizers !== undefined) namespace.spec.finalizers = old.spec.finalizers;
  },
  selectableFields: { "status.phase": (namespace) => namespace.status?.phase ?? "" },
  columns: [nameColumn(), text("Status", (namespace) => namespace.status?.phase ?? ""), ageColumn()],
};
