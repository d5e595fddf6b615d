import { type Pod, Pods } from "@jdos/api";
import { deepEqual, type FieldError, type Mutable } from "@jdos/apimachinery";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { podColumns } from "./columns.ts";
import { defaultPodOnly, defaultPodSpec } from "./defaults.ts";
import { qosClass } from "./quality-of-service.ts";
import { validatePodSpec } from "./validate-spec.ts";
import { validatePodStatusUpdate, validatePodUpdate } from "./validate-update.ts";

/** Writes of these come from the server's own doors, which change one thing and know what they do. */
const OWN_DOORS = ["binding", "eviction"];

function prepareForUpdate(object: Pod, old: Pod, _: unknown, subresource: string | undefined): void {
  const pod = object as Mutable<Pod>;
  const stored = old as Mutable<Pod>;
  if (subresource === "status") {
    if (stored.spec !== undefined) pod.spec = stored.spec;
    pod.metadata = { ...pod.metadata, ownerReferences: stored.metadata?.ownerReferences ?? [] };
    if (pod.metadata.ownerReferences?.length === 0) delete pod.metadata.ownerReferences;
    pod.status = { ...pod.status, qosClass: stored.status?.qosClass ?? qosClass(pod) };
    return;
  }
  if (subresource !== undefined && OWN_DOORS.includes(subresource)) return;
  if (stored.status === undefined) delete pod.status;
  else pod.status = stored.status;
  if (subresource === "ephemeralcontainers" && stored.spec !== undefined) {
    pod.spec = { ...stored.spec, ephemeralContainers: pod.spec?.ephemeralContainers ?? [] };
  }
}

function validate(pod: Pod): FieldError[] {
  const errors = new FieldErrors();
  if (pod.spec === undefined) errors.required("spec");
  else validatePodSpec(errors, "spec", pod.spec);
  return errors.list;
}

function validateUpdate(pod: Pod, old: Pod, subresource: string | undefined): FieldError[] {
  if (subresource === "status") return validatePodStatusUpdate(pod, old);
  if (subresource === "ephemeralcontainers") return validateEphemeral(pod, old);
  if (subresource !== undefined && OWN_DOORS.includes(subresource)) return [];
  return validatePodUpdate(pod, old);
}

/** Ephemeral containers are added and never change. */
function validateEphemeral(pod: Pod, old: Pod): FieldError[] {
  const errors = new FieldErrors();
  const before = old.spec?.ephemeralContainers ?? [];
  for (const [index, existing] of before.entries()) {
    if (deepEqual(existing, pod.spec?.ephemeralContainers?.[index])) continue;
    errors.forbidden(
      "spec.ephemeralContainers",
      `existing ephemeral containers "${existing.name}" may not be changed`,
    );
  }
  if (pod.spec === undefined) return errors.list;
  const all = new FieldErrors();
  validatePodSpec(all, "spec", pod.spec);
  const own = all.list.filter((error) => error.field.startsWith("spec.ephemeralContainers"));
  return [...errors.list, ...own];
}

export const podStrategy: Strategy<Pod> = {
  type: Pods,
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  subresources: [
    { name: "attach", verbs: ["create", "get"], kind: "PodAttachOptions" },
    { name: "binding", verbs: ["create"], kind: "Binding" },
    { name: "ephemeralcontainers", verbs: ["get", "patch", "update"] },
    { name: "eviction", verbs: ["create"], group: "policy", version: "v1", kind: "Eviction" },
    { name: "exec", verbs: ["create", "get"], kind: "PodExecOptions" },
    { name: "log", verbs: ["get"] },
    { name: "portforward", verbs: ["create", "get"], kind: "PodPortForwardOptions" },
    { name: "proxy", verbs: ["create", "delete", "get", "patch", "update"], kind: "PodProxyOptions" },
    { name: "status", verbs: ["get", "patch", "update"] },
  ],
  validateName: nameRule(dnsSubdomain),
  defaults(pod) {
    if (pod.spec === undefined) return;
    defaultPodSpec(pod.spec);
    defaultPodOnly(pod.spec);
  },
  statusWithoutDefaults: true,
  prepareForCreate(object) {
    const pod = object as Mutable<Pod>;
    pod.status = { phase: "Pending", qosClass: qosClass(object) };
    if ((pod.spec?.schedulingGates ?? []).length === 0) return;
    pod.status.conditions = [
      {
        type: "PodScheduled",
        status: "False",
        reason: "SchedulingGated",
        message: "Scheduling is blocked due to non-empty scheduling gates",
      },
    ];
  },
  prepareForUpdate,
  validate,
  validateUpdate,
  selectableFields: {
    "spec.nodeName": (pod) => pod.spec?.nodeName ?? "",
    "spec.restartPolicy": (pod) => pod.spec?.restartPolicy ?? "",
    "spec.schedulerName": (pod) => pod.spec?.schedulerName ?? "",
    "spec.serviceAccountName": (pod) => pod.spec?.serviceAccountName ?? "",
    "spec.hostNetwork": (pod) => String(pod.spec?.hostNetwork ?? false),
    "status.phase": (pod) => pod.status?.phase ?? "",
    "status.podIP": (pod) => pod.status?.podIP ?? "",
    "status.podIPs": (pod) => (pod.status?.podIPs ?? []).map((one) => one.ip).join(","),
    "status.nominatedNodeName": (pod) => pod.status?.nominatedNodeName ?? "",
  },
  columns: podColumns,
  gracePeriodSeconds: graceOf,
};

/** A Pod that is on no node, or over, goes at once; others get what was asked or what they ask for themselves. */
function graceOf(pod: Pod, requested: number | undefined): number {
  const grace = requested ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
  if ((pod.spec?.nodeName ?? "") === "") return 0;
  const phase = pod.status?.phase;
  if (phase === "Failed" || phase === "Succeeded") return 0;
  return grace < 0 ? 1 : grace;
}
