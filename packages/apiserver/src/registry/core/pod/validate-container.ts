import type { Container, ContainerPort, EnvVar, PodSpec } from "@jdos/api";
import type { EnvFromSource } from "kubernetes-types/core/v1.d.ts";
import type { FieldErrors } from "../../validation/field-errors.ts";
import { configKey, dnsLabel, environmentName, portName, portNumber } from "../../validation/names.ts";
import { validateLifecycle, validateProbe } from "./validate-probe.ts";
import { validateResources } from "./validate-resources.ts";
import { validateMounts } from "./validate-volume.ts";

/** All containers of a Pod: their own rules and what they must agree on (names, host ports). */
export function validateContainers(
  errors: FieldErrors,
  path: string,
  spec: PodSpec,
  volumes: ReadonlySet<string>,
): void {
  if ((spec.containers ?? []).length === 0) errors.required(`${path}.containers`);
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  const lists = { initContainers: spec.initContainers ?? [], containers: spec.containers ?? [] };
  for (const [member, list] of Object.entries(lists)) {
    for (const [index, container] of list.entries()) {
      const at = `${path}.${member}[${index}]`;
      validateName(errors, at, container, names);
      validateContainer(errors, at, container, volumes);
      if (member === "containers") validateHostPorts(errors, at, container, hostPorts);
      if (member === "initContainers") validateInit(errors, at, container);
    }
  }
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = `${path}.ephemeralContainers[${index}]`;
    validateName(errors, at, container as Container, names);
    if (!container.image) errors.required(`${at}.image`);
  }
}

function validateName(errors: FieldErrors, at: string, { name }: Container, names: Set<string>): void {
  if (!name) errors.required(`${at}.name`);
  else {
    errors.allInvalid(`${at}.name`, name, dnsLabel(name));
    if (names.has(name)) errors.duplicate(`${at}.name`, name);
    names.add(name);
  }
}

/** An init container does not serve, so it is not probed; one that restarts (a sidecar) does. */
function validateInit(errors: FieldErrors, at: string, container: Container): void {
  const { restartPolicy } = container;
  if (restartPolicy !== undefined) {
    if (restartPolicy !== "Always") errors.notSupported(`${at}.restartPolicy`, restartPolicy, ["Always"]);
    return;
  }
  for (const member of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
    if (container[member] !== undefined) {
      errors.forbidden(`${at}.${member}`, "may not be set for init containers without restartPolicy=Always");
    }
  }
}

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES = ["FallbackToLogsOnError", "File"];

function validateContainer(
  errors: FieldErrors,
  at: string,
  container: Container,
  volumes: ReadonlySet<string>,
): void {
  const image = container.image ?? "";
  if (image === "") errors.required(`${at}.image`);
  else if (image !== image.trim())
    errors.invalid(`${at}.image`, image, "must not have leading or trailing whitespace");
  errors.oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES);
  errors.oneOf(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES);
  validatePorts(errors, `${at}.ports`, container.ports ?? []);
  validateEnv(errors, `${at}.env`, container.env ?? []);
  validateEnvFrom(errors, `${at}.envFrom`, container.envFrom ?? []);
  validateMounts(errors, `${at}.volumeMounts`, container.volumeMounts ?? [], volumes);
  validateResources(errors, `${at}.resources`, container.resources);
  validateLifecycle(errors, `${at}.lifecycle`, container.lifecycle);
  validateProbe(errors, `${at}.livenessProbe`, container.livenessProbe, { onlyOneSuccess: true });
  validateProbe(errors, `${at}.readinessProbe`, container.readinessProbe, { onlyOneSuccess: false });
  validateProbe(errors, `${at}.startupProbe`, container.startupProbe, { onlyOneSuccess: true });
  validateSecurity(errors, `${at}.securityContext`, container);
}

function validateSecurity(errors: FieldErrors, at: string, { securityContext }: Container): void {
  for (const member of ["runAsUser", "runAsGroup"] as const) {
    const value = securityContext?.[member];
    if (value !== undefined && (value < 0 || value > 2147483647)) {
      errors.invalid(`${at}.${member}`, value, "must be between 0 and 2147483647, inclusive");
    }
  }
  if (securityContext?.allowPrivilegeEscalation !== false) return;
  if (securityContext.privileged === true) {
    errors.invalid(
      at,
      securityContext,
      "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
    );
  }
}

const PROTOCOLS = ["SCTP", "TCP", "UDP"];

function validatePorts(errors: FieldErrors, path: string, ports: readonly ContainerPort[]): void {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`;
    if (port.name) {
      errors.allInvalid(`${at}.name`, port.name, portName(port.name));
      if (names.has(port.name)) errors.duplicate(`${at}.name`, port.name);
      names.add(port.name);
    }
    if (!port.containerPort) errors.required(`${at}.containerPort`);
    else errors.allInvalid(`${at}.containerPort`, port.containerPort, portNumber(port.containerPort));
    if (port.hostPort) errors.allInvalid(`${at}.hostPort`, port.hostPort, portNumber(port.hostPort));
    errors.oneOf(`${at}.protocol`, port.protocol, PROTOCOLS);
  }
}

function validateHostPorts(errors: FieldErrors, at: string, container: Container, seen: Set<string>): void {
  for (const [index, port] of (container.ports ?? []).entries()) {
    if (!port.hostPort) continue;
    const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
    if (seen.has(key)) errors.duplicate(`${at}.ports[${index}].hostPort`, key);
    seen.add(key);
  }
}

const FIELD_PATHS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const MAP_PATH = /^metadata\.(labels|annotations)\['[^']+'\]$/;

function validateEnv(errors: FieldErrors, path: string, list: readonly EnvVar[]): void {
  for (const [index, env] of list.entries()) {
    const at = `${path}[${index}]`;
    if (!env.name) errors.required(`${at}.name`);
    else errors.allInvalid(`${at}.name`, env.name, environmentName(env.name));
    if (env.valueFrom !== undefined) validateValueFrom(errors, `${at}.valueFrom`, env);
  }
}

function validateValueFrom(errors: FieldErrors, at: string, env: EnvVar): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = env.valueFrom ?? {};
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter(
    (one) => one !== undefined,
  );
  if (given.length === 0) {
    errors.invalid(
      at,
      "",
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
    );
  } else if (env.value) {
    errors.invalid(at, "", "may not be specified when `value` is not empty");
  } else if (given.length > 1) {
    errors.invalid(at, "", "may not have more than one field specified at a time");
  }
  if (fieldRef !== undefined) validateFieldRef(errors, `${at}.fieldRef.fieldPath`, fieldRef.fieldPath);
  if (resourceFieldRef !== undefined && !resourceFieldRef.resource)
    errors.required(`${at}.resourceFieldRef.resource`);
  for (const [member, ref] of Object.entries({ configMapKeyRef, secretKeyRef })) {
    if (ref === undefined) continue;
    if (!ref.name) errors.required(`${at}.${member}.name`);
    if (!ref.key) errors.required(`${at}.${member}.key`);
    else errors.allInvalid(`${at}.${member}.key`, ref.key, configKey(ref.key));
  }
}

function validateFieldRef(errors: FieldErrors, at: string, fieldPath: string | undefined): void {
  if (!fieldPath) errors.required(at);
  else if (!MAP_PATH.test(fieldPath) && !FIELD_PATHS.includes(fieldPath)) {
    errors.notSupported(at, fieldPath, FIELD_PATHS);
  }
}

function validateEnvFrom(errors: FieldErrors, path: string, list: readonly EnvFromSource[]): void {
  for (const [index, { prefix, configMapRef, secretRef }] of list.entries()) {
    const at = `${path}[${index}]`;
    if (prefix) errors.allInvalid(`${at}.prefix`, prefix, environmentName(prefix));
    if (configMapRef === undefined && secretRef === undefined) {
      errors.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.invalid(at, "", "may not have more than one field specified at a time");
    }
    if (configMapRef !== undefined && !configMapRef.name) errors.required(`${at}.configMapRef.name`);
    if (secretRef !== undefined && !secretRef.name) errors.required(`${at}.secretRef.name`);
  }
}
