import type { HTTPIngressPath, Ingress } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import type { IngressBackend } from "kubernetes-types/networking/v1.d.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import {
  dnsLabel1035,
  dnsSubdomain,
  portName,
  portNumber,
  wildcardSubdomain,
} from "../../validation/names.ts";

export function validateIngress({ spec }: Ingress): FieldError[] {
  const errors = new FieldErrors();
  if ((spec?.rules ?? []).length === 0 && spec?.defaultBackend === undefined) {
    errors.invalid("spec", spec?.rules ?? [], "either `defaultBackend` or `rules` must be specified");
  }
  if (spec?.ingressClassName !== undefined) {
    errors.allInvalid("spec.ingressClassName", spec.ingressClassName, dnsSubdomain(spec.ingressClassName));
  }
  if (spec?.defaultBackend !== undefined) validateBackend(errors, "spec.defaultBackend", spec.defaultBackend);
  for (const [index, rule] of (spec?.rules ?? []).entries()) {
    const at = `spec.rules[${index}]`;
    if (rule.host) validateHost(errors, `${at}.host`, rule.host);
    if (rule.http !== undefined && (rule.http.paths ?? []).length === 0) errors.required(`${at}.http.paths`);
    for (const [i, path] of (rule.http?.paths ?? []).entries())
      validatePath(errors, `${at}.http.paths[${i}]`, path);
  }
  for (const [index, tls] of (spec?.tls ?? []).entries()) {
    for (const [i, host] of (tls.hosts ?? []).entries())
      validateHost(errors, `spec.tls[${index}].hosts[${i}]`, host);
  }
  return errors.list;
}

function validateHost(errors: FieldErrors, at: string, host: string): void {
  if (/^\d+(\.\d+){3}$/.test(host)) errors.invalid(at, host, "must be a DNS name, not an IP address");
  else errors.allInvalid(at, host, host.includes("*") ? wildcardSubdomain(host) : dnsSubdomain(host));
}

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const BAD_SEQUENCES = ["//", "/./", "/../", "%2f", "%2F"];
const BAD_ENDINGS = ["/..", "/."];

function validatePath(errors: FieldErrors, at: string, path: HTTPIngressPath): void {
  const text = path.path ?? "";
  if (!path.pathType) errors.required(`${at}.pathType`, "pathType must be specified");
  else if (!PATH_TYPES.includes(path.pathType))
    errors.notSupported(`${at}.pathType`, path.pathType, PATH_TYPES);
  else if (path.pathType === "ImplementationSpecific") {
    if (text !== "" && !text.startsWith("/")) errors.invalid(`${at}.path`, text, "must be an absolute path");
  } else {
    if (!text.startsWith("/")) errors.invalid(`${at}.path`, text, "must be an absolute path");
    for (const bad of BAD_SEQUENCES) {
      if (text.includes(bad)) errors.invalid(`${at}.path`, text, `must not contain '${bad}'`);
    }
    for (const bad of BAD_ENDINGS) {
      if (text.endsWith(bad)) errors.invalid(`${at}.path`, text, `cannot end with '${bad}'`);
    }
  }
  if (path.backend === undefined) errors.required(`${at}.backend`);
  else validateBackend(errors, `${at}.backend`, path.backend);
}

function validateBackend(errors: FieldErrors, at: string, { service, resource }: IngressBackend): void {
  if (service !== undefined && resource !== undefined) {
    errors.invalid(at, "", "cannot set both resource and service backends");
  } else if (service === undefined) {
    if (resource === undefined) errors.required(at, "resource or service backend is required");
  } else {
    if (!service.name) errors.required(`${at}.service.name`);
    else errors.allInvalid(`${at}.service.name`, service.name, dnsLabel1035(service.name));
    const { name, number } = service.port ?? {};
    if (name && number) errors.invalid(at, "", "cannot set both port name & port number");
    else if (name) errors.allInvalid(`${at}.service.port.name`, name, portName(name));
    else if (number) errors.allInvalid(`${at}.service.port.number`, number, portNumber(number));
    else errors.required(at, "port name or number is required");
  }
}
