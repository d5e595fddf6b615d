import { NetworkPolicies, type NetworkPolicy } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import type { NetworkPolicyPeer, NetworkPolicyPort } from "kubernetes-types/networking/v1.d.ts";
import { ageColumn, nameColumn, selectorText, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { updateWithGeneration } from "../../update/spec-and-status.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { validateLabelSelector } from "../../validation/labels.ts";
import { dnsSubdomain, nameRule, portName, portNumber } from "../../validation/names.ts";
import { cidrReasons } from "../../validation/network.ts";

function defaults({ spec }: NetworkPolicy): void {
  if (spec === undefined) return;
  spec.podSelector ??= {};
  const both = spec.egress !== undefined && spec.egress.length > 0;
  if ((spec.policyTypes ?? []).length === 0) spec.policyTypes = both ? ["Ingress", "Egress"] : ["Ingress"];
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= "TCP";
  }
}

function validate({ spec }: NetworkPolicy): FieldError[] {
  const errors = new FieldErrors();
  validateLabelSelector(errors, "spec.podSelector", spec?.podSelector);
  for (const [index, rule] of (spec?.ingress ?? []).entries()) {
    validateRule(errors, `spec.ingress[${index}]`, { ports: rule.ports, peers: rule.from, side: "from" });
  }
  for (const [index, rule] of (spec?.egress ?? []).entries()) {
    validateRule(errors, `spec.egress[${index}]`, { ports: rule.ports, peers: rule.to, side: "to" });
  }
  for (const [index, type] of (spec?.policyTypes ?? []).entries()) {
    errors.oneOf(`spec.policyTypes[${index}]`, type, ["Egress", "Ingress"]);
  }
  return errors.list;
}

interface Rule {
  ports: NetworkPolicyPort[] | undefined;
  peers: NetworkPolicyPeer[] | undefined;
  side: string;
}

function validateRule(errors: FieldErrors, path: string, { ports, peers, side }: Rule): void {
  for (const [index, { port, protocol, endPort }] of (ports ?? []).entries()) {
    const at = `${path}.ports[${index}]`;
    errors.oneOf(`${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"]);
    if (typeof port === "number") errors.allInvalid(`${at}.port`, port, portNumber(port));
    else if (port !== undefined) errors.allInvalid(`${at}.port`, port, portName(port));
    if (endPort === undefined) continue;
    if (typeof port !== "number") errors.required(`${at}.port`, "must be specified when `endPort` is used");
    else if (endPort < port)
      errors.invalid(`${at}.endPort`, endPort, "must be greater than or equal to `port`");
  }
  for (const [index, peer] of (peers ?? []).entries())
    validatePeer(errors, `${path}.${side}[${index}]`, peer);
}

function validatePeer(
  errors: FieldErrors,
  at: string,
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
): void {
  const selects = podSelector !== undefined || namespaceSelector !== undefined;
  validateLabelSelector(errors, `${at}.podSelector`, podSelector);
  validateLabelSelector(errors, `${at}.namespaceSelector`, namespaceSelector);
  if (!selects && ipBlock === undefined) errors.required(at, "must specify a peer");
  if (selects && ipBlock !== undefined) errors.forbidden(at, "may not specify both ipBlock and another peer");
  if (ipBlock !== undefined)
    errors.allInvalid(`${at}.ipBlock.cidr`, ipBlock.cidr, cidrReasons(ipBlock.cidr ?? ""));
}

export const networkPolicyStrategy: Strategy<NetworkPolicy> = {
  type: NetworkPolicies,
  singular: "networkpolicy",
  shortNames: ["netpol"],
  notice: "NetworkPolicies are kept, but nothing enforces them yet: all Pods reach each other",
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults,
  prepareForCreate(object) {
    object.metadata = { ...object.metadata, generation: 1 };
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate,
  columns: [nameColumn(), text("Pod-Selector", ({ spec }) => selectorText(spec?.podSelector)), ageColumn()],
};
