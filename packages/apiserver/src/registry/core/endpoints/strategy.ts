import { Endpoints, type EndpointsObject } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule, portNumber } from "../../validation/names.ts";
import { addressReasons } from "../../validation/network.ts";

const SHOWN = 3;

/** "10.0.0.1:80,10.0.0.2:80 + 3 more..." */
function addressesText(endpoints: EndpointsObject): string {
  const list: string[] = [];
  for (const subset of endpoints.subsets ?? []) {
    const ports = subset.ports ?? [];
    for (const { ip } of subset.addresses ?? []) {
      const host = ip.includes(":") ? `[${ip}]` : ip;
      if (ports.length === 0) list.push(host);
      for (const { port } of ports) list.push(`${host}:${port}`);
    }
  }
  if (list.length === 0) return "<none>";
  const more = list.length > SHOWN ? ` + ${list.length - SHOWN} more...` : "";
  return list.slice(0, SHOWN).join(",") + more;
}

function validate(endpoints: EndpointsObject): FieldError[] {
  const errors = new FieldErrors();
  for (const [index, subset] of (endpoints.subsets ?? []).entries()) {
    const at = `subsets[${index}]`;
    const all = [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])];
    if (all.length === 0) errors.required(at, "must specify `addresses` or `notReadyAddresses`");
    for (const member of ["addresses", "notReadyAddresses"] as const) {
      for (const [i, { ip }] of (subset[member] ?? []).entries()) {
        errors.allInvalid(`${at}.${member}[${i}].ip`, ip ?? "", addressReasons(ip ?? ""));
      }
    }
    for (const [i, port] of (subset.ports ?? []).entries()) {
      if ((subset.ports ?? []).length > 1 && !port.name) errors.required(`${at}.ports[${i}].name`);
      errors.allInvalid(`${at}.ports[${i}].port`, port.port, portNumber(port.port));
      errors.oneOf(`${at}.ports[${i}].protocol`, port.protocol, ["SCTP", "TCP", "UDP"]);
    }
  }
  return errors.list;
}

export const endpointsStrategy: Strategy<EndpointsObject> = {
  type: Endpoints,
  singular: "endpoints",
  shortNames: ["ep"],
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults(endpoints) {
    for (const subset of endpoints.subsets ?? []) {
      for (const port of subset.ports ?? []) port.protocol ??= "TCP";
    }
  },
  validate,
  columns: [nameColumn(), text("Endpoints", addressesText), ageColumn()],
};
