import { type EndpointSlice, EndpointSlices } from "@jdos/api";
import { deepEqual, type FieldError } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule, portNumber } from "../../validation/names.ts";
import { addressReasons } from "../../validation/network.ts";

const SHOWN = 3;

function shorten(list: readonly string[], none: string): string {
  if (list.length === 0) return none;
  const more = list.length > SHOWN ? ` + ${list.length - SHOWN} more...` : "";
  return list.slice(0, SHOWN).join(",") + more;
}

function portsText(slice: EndpointSlice): string {
  const ports = (slice.ports ?? []).map((one) => (one.port === undefined ? "*" : String(one.port)));
  return shorten(ports, "<unset>");
}

function endpointsText(slice: EndpointSlice): string {
  return shorten(
    (slice.endpoints ?? []).flatMap((one) => one.addresses ?? []),
    "<unset>",
  );
}

function validate(slice: EndpointSlice): FieldError[] {
  const errors = new FieldErrors();
  errors.oneOf("addressType", slice.addressType, ["FQDN", "IPv4", "IPv6"]);
  if ((slice.endpoints ?? []).length > 1000)
    errors.invalid("endpoints", slice.endpoints?.length, "must have at most 1000 items");
  for (const [index, { addresses }] of (slice.endpoints ?? []).entries()) {
    const at = `endpoints[${index}].addresses`;
    if ((addresses ?? []).length === 0) errors.required(at, "must contain at least 1 address");
    for (const [i, address] of (addresses ?? []).entries()) {
      const reasons = slice.addressType === "FQDN" ? dnsSubdomain(address) : addressReasons(address);
      errors.allInvalid(`${at}[${i}]`, address, reasons);
    }
  }
  const names = new Set<string>();
  for (const [index, { name, port, protocol }] of (slice.ports ?? []).entries()) {
    const at = `ports[${index}]`;
    if (names.has(name ?? "")) errors.duplicate(`${at}.name`, name ?? "");
    names.add(name ?? "");
    if (port !== undefined) errors.allInvalid(`${at}.port`, port, portNumber(port));
    errors.oneOf(`${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"]);
  }
  return errors.list;
}

function validateUpdate(slice: EndpointSlice, old: EndpointSlice): FieldError[] {
  const errors = new FieldErrors();
  errors.immutable("addressType", slice.addressType, slice.addressType === old.addressType);
  return errors.list;
}

export const endpointSliceStrategy: Strategy<EndpointSlice> = {
  type: EndpointSlices,
  singular: "endpointslice",
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults(slice) {
    for (const port of slice.ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  prepareForCreate(slice) {
    slice.metadata = { ...slice.metadata, generation: 1 };
  },
  prepareForUpdate(slice, old) {
    const { metadata: _, ...after } = slice;
    const { metadata: __, ...before } = old;
    const generation = old.metadata?.generation ?? 1;
    slice.metadata = {
      ...slice.metadata,
      generation: deepEqual(after, before) ? generation : generation + 1,
    };
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    text("AddressType", (slice) => slice.addressType),
    text("Ports", portsText),
    text("Endpoints", endpointsText),
    ageColumn(),
  ],
};
