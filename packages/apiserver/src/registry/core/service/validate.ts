import type { Service, ServicePort } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { FieldErrors } from "../../validation/field-errors.ts";
import {
  dnsLabel,
  dnsSubdomain,
  labelValue,
  portName,
  portNumber,
  qualifiedName,
} from "../../validation/names.ts";
import { addressReasons, cidrReasons } from "../../validation/network.ts";

type Spec = NonNullable<Service["spec"]>;
const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

export function validateService(service: Service): FieldError[] {
  const errors = new FieldErrors();
  const { spec } = service;
  if (spec === undefined) {
    errors.required("spec");
    return errors.list;
  }
  validatePorts(errors, spec);
  errors.oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]);
  errors.oneOf("spec.type", spec.type, TYPES);
  for (const [key, value] of Object.entries(spec.selector ?? {})) {
    errors.allInvalid("spec.selector", key, qualifiedName(key));
    errors.allInvalid("spec.selector", value, labelValue(value));
  }
  validateByType(errors, spec);
  validateAddresses(errors, spec);
  validatePolicies(errors, spec);
  return errors.list;
}

function validatePorts(errors: FieldErrors, spec: Spec): void {
  const ports = spec.ports ?? [];
  if (ports.length === 0 && spec.type !== "ExternalName" && spec.clusterIP !== "None")
    errors.required("spec.ports");
  const names = new Set<string>();
  const seen = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    validatePort(errors, at, port, spec);
    if (ports.length > 1 && !port.name) errors.required(`${at}.name`);
    if (port.name && names.has(port.name)) errors.duplicate(`${at}.name`, port.name);
    names.add(port.name ?? "");
    const id = `${port.protocol}/${port.port}`;
    if (seen.has(id)) errors.duplicate(at, { port: port.port, protocol: port.protocol });
    seen.add(id);
  }
}

function validatePort(errors: FieldErrors, at: string, port: ServicePort, spec: Spec): void {
  if (port.name) errors.allInvalid(`${at}.name`, port.name, dnsLabel(port.name));
  errors.allInvalid(`${at}.port`, port.port ?? 0, portNumber(port.port ?? 0));
  errors.oneOf(`${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]);
  const { targetPort } = port;
  if (typeof targetPort === "string") errors.allInvalid(`${at}.targetPort`, targetPort, portName(targetPort));
  else if (targetPort !== undefined)
    errors.allInvalid(`${at}.targetPort`, targetPort, portNumber(targetPort));
  if (port.nodePort && (spec.type === "ClusterIP" || spec.type === "ExternalName")) {
    errors.forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'");
  }
}

function validateByType(errors: FieldErrors, spec: Spec): void {
  if (spec.type === "ExternalName") {
    if (spec.clusterIP) errors.forbidden("spec.clusterIP", "may not be set when `type` is 'ExternalName'");
    const name = (spec.externalName ?? "").replace(/\.$/, "");
    if (name === "") errors.required("spec.externalName");
    else errors.allInvalid("spec.externalName", spec.externalName, dnsSubdomain(name));
  } else if (spec.clusterIP === "None" && (spec.type === "LoadBalancer" || spec.type === "NodePort")) {
    errors.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`);
  }
  if (spec.type !== "LoadBalancer" && spec.loadBalancerClass !== undefined) {
    errors.forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'");
  }
}

function validateAddresses(errors: FieldErrors, spec: Spec): void {
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address !== "None" && address !== "") {
      errors.allInvalid(`spec.clusterIPs[${index}]`, address, addressReasons(address));
    }
  }
  if ((spec.clusterIPs?.[0] ?? "") !== (spec.clusterIP ?? "")) {
    errors.invalid("spec.clusterIPs", spec.clusterIPs, "first value must match `clusterIP`");
  }
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    errors.allInvalid(`spec.externalIPs[${index}]`, address, addressReasons(address));
  }
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    errors.allInvalid(`spec.loadBalancerSourceRanges[${index}]`, range, cidrReasons(range));
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (family !== "IPv4") {
      errors.invalid(`spec.ipFamilies[${index}]`, family, "not configured on this cluster");
    }
  }
  if (spec.ipFamilyPolicy === "RequireDualStack") {
    errors.invalid(
      "spec.ipFamilyPolicy",
      spec.ipFamilyPolicy,
      "this cluster is not configured for dual-stack services",
    );
  }
}

function validatePolicies(errors: FieldErrors, spec: Spec): void {
  const policies = ["Cluster", "Local"];
  const { externalTrafficPolicy, internalTrafficPolicy } = spec;
  if (externalTrafficPolicy) {
    const external =
      spec.type === "NodePort" || spec.type === "LoadBalancer" || (spec.externalIPs ?? []).length > 0;
    if (!external) {
      errors.invalid(
        "spec.externalTrafficPolicy",
        externalTrafficPolicy,
        "may only be set for externally-accessible services",
      );
    }
    errors.oneOf("spec.externalTrafficPolicy", externalTrafficPolicy, policies);
  }
  if (internalTrafficPolicy !== undefined)
    errors.oneOf("spec.internalTrafficPolicy", internalTrafficPolicy, policies);
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (timeout !== undefined && (timeout <= 0 || timeout > 86_400)) {
    errors.invalid(
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
      timeout,
      "must be greater than 0 and less than 86400",
    );
  }
}

export function validateServiceUpdate(
  service: Service,
  old: Service,
  subresource: string | undefined,
): FieldError[] {
  if (subresource === "status") return [];
  const errors = new FieldErrors();
  const before = old.spec;
  const after = service.spec;
  const both = before?.type !== "ExternalName" && after?.type !== "ExternalName";
  if (both && before?.clusterIP && after?.clusterIP !== before.clusterIP) {
    errors.invalid("spec.clusterIPs[0]", after?.clusterIPs ?? [], "may not change once set");
  }
  const kept = before?.type === "LoadBalancer" && after?.type === "LoadBalancer";
  if (kept && (before?.loadBalancerClass ?? "") !== (after?.loadBalancerClass ?? "")) {
    errors.invalid("spec.loadBalancerClass", after?.loadBalancerClass, "may not change once set");
  }
  return errors.list;
}
