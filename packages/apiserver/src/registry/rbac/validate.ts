import type { PolicyRule, RoleRef, Subject } from "@jdos/api";
import { deepEqual, type FieldError } from "@jdos/apimachinery";
import { FieldErrors } from "../validation/field-errors.ts";
import { dnsLabel, dnsSubdomain, pathSegment } from "../validation/names.ts";

/** Rules of a Role or, with `cluster`, of a ClusterRole. */
export function validateRules(
  rules: readonly PolicyRule[] | undefined,
  options: { cluster: boolean },
): FieldError[] {
  const errors = new FieldErrors();
  for (const [index, rule] of (rules ?? []).entries()) {
    const at = `rules[${index}]`;
    if ((rule.verbs ?? []).length === 0)
      errors.required(`${at}.verbs`, "verbs must contain at least one value");
    if ((rule.nonResourceURLs ?? []).length > 0) {
      const others = [rule.apiGroups, rule.resources, rule.resourceNames].some(
        (list) => (list ?? []).length > 0,
      );
      if (!options.cluster) {
        errors.invalid(
          `${at}.nonResourceURLs`,
          rule.nonResourceURLs,
          "namespaced rules cannot apply to non-resource URLs",
        );
      }
      if (others) {
        errors.invalid(
          `${at}.nonResourceURLs`,
          rule.nonResourceURLs,
          "rules cannot apply to both regular resources and non-resource URLs",
        );
      }
      continue;
    }
    if ((rule.apiGroups ?? []).length === 0) {
      errors.required(`${at}.apiGroups`, "resource rules must supply at least one api group");
    }
    if ((rule.resources ?? []).length === 0) {
      errors.required(`${at}.resources`, "resource rules must supply at least one resource");
    }
  }
  return errors.list;
}

interface Binding {
  metadata?: { namespace?: string };
  roleRef?: RoleRef;
  subjects?: Subject[];
}

const RBAC = "rbac.authorization.k8s.io";

export function defaultBinding(binding: Binding): void {
  if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= RBAC;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind !== "ServiceAccount") subject.apiGroup ||= RBAC;
  }
}

export function validateBinding(binding: Binding, kinds: readonly string[]): FieldError[] {
  const errors = new FieldErrors();
  const { roleRef } = binding;
  if (roleRef?.apiGroup !== RBAC) errors.notSupported("roleRef.apiGroup", roleRef?.apiGroup ?? "", [RBAC]);
  if (!kinds.includes(roleRef?.kind ?? "")) errors.notSupported("roleRef.kind", roleRef?.kind ?? "", kinds);
  if (!roleRef?.name) errors.required("roleRef.name");
  else errors.allInvalid("roleRef.name", roleRef.name, pathSegment(roleRef.name));
  for (const [index, subject] of (binding.subjects ?? []).entries()) {
    validateSubject(errors, `subjects[${index}]`, subject, binding.metadata?.namespace !== undefined);
  }
  return errors.list;
}

function validateSubject(errors: FieldErrors, at: string, subject: Subject, namespaced: boolean): void {
  if (!subject.name) errors.required(`${at}.name`);
  if (subject.kind === "ServiceAccount") {
    if (subject.name) errors.allInvalid(`${at}.name`, subject.name, dnsSubdomain(subject.name));
    if (subject.apiGroup) errors.notSupported(`${at}.apiGroup`, subject.apiGroup, [""]);
    if (subject.namespace)
      errors.allInvalid(`${at}.namespace`, subject.namespace, dnsLabel(subject.namespace));
    else if (!namespaced) errors.required(`${at}.namespace`);
  } else if (subject.kind === "User" || subject.kind === "Group") {
    if (subject.apiGroup !== RBAC) errors.notSupported(`${at}.apiGroup`, subject.apiGroup ?? "", [RBAC]);
  } else errors.notSupported(`${at}.kind`, subject.kind ?? "", ["Group", "ServiceAccount", "User"]);
}

export function validateBindingUpdate(binding: Binding, old: Binding): FieldError[] {
  const errors = new FieldErrors();
  if (!deepEqual(binding.roleRef, old.roleRef))
    errors.invalid("roleRef", binding.roleRef, "cannot change roleRef");
  return errors.list;
}

/** "a,b" of the subjects of one kind, "ns/name" for service accounts: the wide columns of bindings. */
export function subjectsText({ subjects }: Binding, kind: string): string {
  return (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map((subject) =>
      kind === "ServiceAccount" ? `${subject.namespace ?? ""}/${subject.name}` : subject.name,
    )
    .join(", ");
}
