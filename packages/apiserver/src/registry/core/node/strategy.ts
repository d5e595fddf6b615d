import { type Node, Nodes } from "@jdos/api";
import type { FieldError, Mutable } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text, wide } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, labelValue, nameRule, qualifiedName } from "../../validation/names.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";

function statusOf(node: Node): string {
  const ready = node.status?.conditions?.find((one) => one.type === "Ready");
  const state = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return node.spec?.unschedulable === true ? `${state},SchedulingDisabled` : state;
}

function rolesOf(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length)
      roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === "kubernetes.io/role" && value !== "") roles.add(value);
  }
  return roles.size === 0 ? "<none>" : [...roles].sort().join(",");
}

function addressOf(node: Node, type: string): string {
  return node.status?.addresses?.find((one) => one.type === type)?.address ?? "<none>";
}

function info(member: "osImage" | "kernelVersion" | "containerRuntimeVersion"): (node: Node) => string {
  return (node) => node.status?.nodeInfo?.[member] || "<unknown>";
}

const EFFECTS = ["NoExecute", "NoSchedule", "PreferNoSchedule"];

function validate(node: Node): FieldError[] {
  const errors = new FieldErrors();
  const seen = new Set<string>();
  for (const [index, taint] of (node.spec?.taints ?? []).entries()) {
    const at = `spec.taints[${index}]`;
    errors.allInvalid(`${at}.key`, taint.key, qualifiedName(taint.key ?? ""));
    errors.allInvalid(`${at}.value`, taint.value ?? "", labelValue(taint.value ?? ""));
    errors.oneOf(`${at}.effect`, taint.effect, EFFECTS);
    const id = `${taint.key}:${taint.effect}`;
    if (seen.has(id)) errors.duplicate(at, taint);
    seen.add(id);
  }
  return errors.list;
}

function validateUpdate(node: Node, old: Node): FieldError[] {
  const errors = new FieldErrors();
  for (const member of ["podCIDR", "providerID"] as const) {
    const before = old.spec?.[member] ?? "";
    if (before !== "" && before !== (node.spec?.[member] ?? "")) {
      errors.forbidden(`spec.${member}`, "node updates may not change it once it is set");
    }
  }
  return errors.list;
}

export const nodeStrategy: Strategy<Node> = {
  type: Nodes,
  singular: "node",
  shortNames: ["no"],
  subresources: [
    { name: "proxy", verbs: ["create", "delete", "get", "patch", "update"], kind: "NodeProxyOptions" },
    { name: "status", verbs: ["get", "patch", "update"] },
  ],
  validateName: nameRule(dnsSubdomain),
  defaults(object) {
    const node = object as Mutable<Node>;
    node.spec ??= {};
    if (node.status?.allocatable === undefined && node.status?.capacity !== undefined) {
      node.status.allocatable = { ...node.status.capacity };
    }
  },
  prepareForUpdate(object, old, _context, subresource) {
    const node = object as Mutable<Node>;
    if (subresource === "status") {
      if (old.spec !== undefined) node.spec = old.spec;
    } else if (old.status === undefined) delete node.status;
    else node.status = old.status;
  },
  validate,
  validateUpdate,
  selectableFields: { "spec.unschedulable": (node) => String(node.spec?.unschedulable ?? false) },
  columns: [
    nameColumn(),
    text("Status", statusOf),
    text("Roles", rolesOf),
    ageColumn(),
    text("Version", (node) => node.status?.nodeInfo?.kubeletVersion ?? ""),
    wide(text("Internal-IP", (node) => addressOf(node, "InternalIP"))),
    wide(text("External-IP", (node) => addressOf(node, "ExternalIP"))),
    wide(text("OS-Image", info("osImage"))),
    wide(text("Kernel-Version", info("kernelVersion"))),
    wide(text("Container-Runtime", info("containerRuntimeVersion"))),
  ],
};
