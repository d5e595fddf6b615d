import type { Pod, PodSpec } from "@jdos/api";
import { deepCopy, deepEqual, type FieldError } from "@jdos/apimachinery";
import { FieldErrors } from "../../validation/field-errors.ts";

const ALLOWED =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** A Pod's spec is fixed but for its images, its deadline, more tolerations and its scheduling gates. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = new FieldErrors();
  if (pod.spec === undefined || old.spec === undefined) return errors.list;
  if ((pod.spec.containers ?? []).length !== (old.spec.containers ?? []).length) {
    errors.forbidden("spec.containers", "pod updates may not add or remove containers");
    return errors.list;
  }
  if ((pod.spec.initContainers ?? []).length !== (old.spec.initContainers ?? []).length) {
    errors.forbidden("spec.initContainers", "pod updates may not add or remove containers");
    return errors.list;
  }
  validateDeadline(errors, pod.spec, old.spec);
  validateTolerations(errors, pod.spec, old.spec);
  validateGates(errors, pod.spec, old.spec);
  if (!deepEqual(withAllowedOf(old.spec, pod.spec), pod.spec)) {
    errors.forbidden("spec", `${ALLOWED}\n${changes(old.spec, pod.spec)}`);
  }
  return errors.list;
}

/** The old spec as it would be if only what may change had changed. */
function withAllowedOf(old: PodSpec, next: PodSpec): PodSpec {
  const spec = deepCopy(old);
  for (const member of ["containers", "initContainers"] as const) {
    for (const [index, container] of (spec[member] ?? []).entries()) {
      const image = next[member]?.[index]?.image;
      if (image !== undefined) container.image = image;
    }
  }
  for (const member of ["activeDeadlineSeconds", "tolerations", "schedulingGates"] as const) {
    Object.assign(spec, { [member]: next[member] });
  }
  const gated = (old.schedulingGates ?? []).length > 0;
  if (gated) Object.assign(spec, { nodeSelector: next.nodeSelector, affinity: next.affinity });
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1) {
    spec.terminationGracePeriodSeconds = 1;
  }
  return spec;
}

function changes(old: PodSpec, next: PodSpec): string {
  const before = old as unknown as Record<string, unknown>;
  const after = next as unknown as Record<string, unknown>;
  const members = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return members
    .filter((member) => !deepEqual(before[member], after[member]))
    .map(
      (member) =>
        `- ${member}: ${JSON.stringify(before[member])}\n+ ${member}: ${JSON.stringify(after[member])}`,
    )
    .join("\n");
}

function validateDeadline(errors: FieldErrors, spec: PodSpec, old: PodSpec): void {
  const at = "spec.activeDeadlineSeconds";
  const { activeDeadlineSeconds: next } = spec;
  const { activeDeadlineSeconds: before } = old;
  if (before === undefined || next === before) return;
  if (next === undefined) errors.invalid(at, next, "must not update from a positive integer to nil value");
  else if (next > before) errors.invalid(at, next, "must be less than or equal to previous value");
}

function validateTolerations(errors: FieldErrors, spec: PodSpec, old: PodSpec): void {
  const kept = (old.tolerations ?? []).every((before) =>
    (spec.tolerations ?? []).some((after) =>
      deepEqual({ ...before, tolerationSeconds: 0 }, { ...after, tolerationSeconds: 0 }),
    ),
  );
  if (!kept)
    errors.forbidden(
      "spec.tolerations",
      "existing toleration can not be modified except its tolerationSeconds",
    );
}

/** Gates only go; while there is one, the Pod may be narrowed to fewer nodes. */
function validateGates(errors: FieldErrors, spec: PodSpec, old: PodSpec): void {
  const known = (old.schedulingGates ?? []).map(({ name }) => name);
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (known.includes(name)) continue;
    const why = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.forbidden(`spec.schedulingGates[${index}]`, why);
  }
  const kept = Object.entries(old.nodeSelector ?? {}).every(
    ([label, value]) => spec.nodeSelector?.[label] === value,
  );
  if (known.length > 0 && !kept) {
    const why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    errors.invalid("spec.nodeSelector", spec.nodeSelector, why);
  }
}

/** What a write of the status may not do: change the node, or bring a container that is over back to life. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = new FieldErrors();
  if ((pod.spec?.nodeName ?? "") !== (old.spec?.nodeName ?? "")) {
    errors.invalid("status.nominatedNodeName", pod.status?.nominatedNodeName, "may not change the node");
  }
  if (old.spec?.restartPolicy === "Always") return errors.list;
  for (const [index, before] of (old.status?.containerStatuses ?? []).entries()) {
    if (before.state?.terminated === undefined) continue;
    if (old.spec?.restartPolicy === "OnFailure" && before.state.terminated.exitCode !== 0) continue;
    const after = pod.status?.containerStatuses?.find((one) => one.name === before.name);
    if (after !== undefined && after.state?.terminated === undefined) {
      errors.forbidden(
        `status.containerStatuses[${index}].state`,
        "may not be transitioned to non-terminated state",
      );
    }
  }
  return errors.list;
}
