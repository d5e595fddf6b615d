import type { PodSpec, PodTemplateSpec } from "@jdos/api";
import type { FieldErrors } from "../../validation/field-errors.ts";
import { validateAnnotations, validateLabels } from "../../validation/labels.ts";
import { dnsLabel, dnsSubdomain, qualifiedName } from "../../validation/names.ts";
import { validateContainers } from "./validate-container.ts";
import { validateScheduling } from "./validate-scheduling.ts";
import { validateVolumes } from "./validate-volume.ts";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

/** The rules of a Pod's spec, alone or in a template. Expects defaults to be filled in. */
export function validatePodSpec(errors: FieldErrors, path: string, spec: PodSpec): void {
  const volumes = validateVolumes(errors, `${path}.volumes`, spec.volumes ?? []);
  validateContainers(errors, path, spec, volumes);
  errors.oneOf(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES);
  errors.oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES);
  validateDns(errors, path, spec);
  validateNames(errors, path, spec);
  validateDeadlines(errors, path, spec);
  validateSecurity(errors, path, spec);
  validateScheduling(errors, path, spec);
  validateHostAliases(errors, path, spec);
}

function validateNames(errors: FieldErrors, path: string, spec: PodSpec): void {
  const names = {
    serviceAccountName: dnsSubdomain,
    nodeName: dnsSubdomain,
    hostname: dnsLabel,
    subdomain: dnsLabel,
  } as const;
  for (const [member, rule] of Object.entries(names)) {
    const value = spec[member as keyof typeof names];
    if (value) errors.allInvalid(`${path}.${member}`, value, rule(value));
  }
  if (spec.priorityClassName) {
    errors.allInvalid(
      `${path}.priorityClassName`,
      spec.priorityClassName,
      dnsSubdomain(spec.priorityClassName),
    );
  }
  for (const [index, secret] of (spec.imagePullSecrets ?? []).entries()) {
    if (!secret.name) errors.required(`${path}.imagePullSecrets[${index}].name`);
  }
  for (const [index, gate] of (spec.readinessGates ?? []).entries()) {
    const at = `${path}.readinessGates[${index}].conditionType`;
    errors.allInvalid(at, gate.conditionType, qualifiedName(gate.conditionType ?? ""));
  }
}

function validateDeadlines(errors: FieldErrors, path: string, spec: PodSpec): void {
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > 2147483647)) {
    errors.invalid(`${path}.activeDeadlineSeconds`, deadline, "must be between 1 and 2147483647, inclusive");
  }
  errors.nonNegative(`${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds);
}

function validateDns(errors: FieldErrors, path: string, spec: PodSpec): void {
  const config = spec.dnsConfig;
  if (spec.dnsPolicy === "None" && (config?.nameservers ?? []).length === 0) {
    errors.required(
      `${path}.dnsConfig.nameservers`,
      "must provide at least one DNS nameserver when `dnsPolicy` is None",
    );
  }
  if ((config?.nameservers ?? []).length > 3) {
    errors.invalid(
      `${path}.dnsConfig.nameservers`,
      config?.nameservers,
      "must not have more than 3 nameservers",
    );
  }
  for (const [index, search] of (config?.searches ?? []).entries()) {
    const domain = search.replace(/\.$/, "");
    if (domain !== "")
      errors.allInvalid(`${path}.dnsConfig.searches[${index}]`, search, dnsSubdomain(domain));
  }
  for (const [index, option] of (config?.options ?? []).entries()) {
    if (!option.name) errors.required(`${path}.dnsConfig.options[${index}]`, "must not be empty");
  }
}

function validateSecurity(errors: FieldErrors, path: string, spec: PodSpec): void {
  const context = spec.securityContext;
  for (const member of ["runAsUser", "runAsGroup", "fsGroup"] as const) {
    const value = context?.[member];
    if (value !== undefined && (value < 0 || value > 2147483647)) {
      errors.invalid(
        `${path}.securityContext.${member}`,
        value,
        "must be between 0 and 2147483647, inclusive",
      );
    }
  }
  if (spec.hostPID && spec.shareProcessNamespace) {
    errors.invalid(
      `${path}.shareProcessNamespace`,
      true,
      "ShareProcessNamespace and HostPID cannot both be enabled",
    );
  }
  const policy = context?.fsGroupChangePolicy;
  if (policy !== undefined && policy !== "OnRootMismatch" && policy !== "Always") {
    errors.notSupported(`${path}.securityContext.fsGroupChangePolicy`, policy, ["Always", "OnRootMismatch"]);
  }
}

function validateHostAliases(errors: FieldErrors, path: string, spec: PodSpec): void {
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    const at = `${path}.hostAliases[${index}]`;
    if (!isAddress(alias.ip ?? "")) errors.invalid(`${at}.ip`, alias.ip ?? "", "must be a valid IP address");
    for (const [i, name] of (alias.hostnames ?? []).entries()) {
      errors.allInvalid(`${at}.hostnames[${i}]`, name, dnsSubdomain(name));
    }
  }
}

function isAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || text.includes(":");
}

/** A Pod template: its metadata and its spec. */
export function validatePodTemplate(
  errors: FieldErrors,
  path: string,
  template: PodTemplateSpec | undefined,
): void {
  validateLabels(errors, `${path}.metadata.labels`, template?.metadata?.labels);
  validateAnnotations(errors, `${path}.metadata.annotations`, template?.metadata?.annotations);
  if (template?.spec === undefined) errors.required(`${path}.spec`);
  else validatePodSpec(errors, `${path}.spec`, template.spec);
  if ((template?.spec?.ephemeralContainers ?? []).length > 0) {
    errors.forbidden(`${path}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template");
  }
}
