import { type Ingress, Ingresses } from "@jdos/api";
import type { Mutable } from "@jdos/apimachinery";
import { ageColumn, nameColumn, orNone, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { validateIngress } from "./validate.ts";

const SHOWN = 3;

function hosts({ spec }: Ingress): string {
  const list = (spec?.rules ?? []).map((rule) => rule.host ?? "").filter((host) => host !== "");
  if (list.length === 0) return "*";
  const more = list.length > SHOWN ? ` + ${list.length - SHOWN} more...` : "";
  return list.slice(0, SHOWN).join(",") + more;
}

function addresses({ status }: Ingress): string {
  return (status?.loadBalancer?.ingress ?? []).map((one) => one.ip || one.hostname || "").join(",");
}

export const ingressStrategy: Strategy<Ingress> = {
  type: Ingresses,
  singular: "ingress",
  shortNames: ["ing"],
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<Ingress>).status = { loadBalancer: {} };
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate: validateIngress,
  columns: [
    nameColumn(),
    text("Class", ({ spec }) => orNone(spec?.ingressClassName)),
    text("Hosts", hosts),
    text("Address", addresses),
    text("Ports", ({ spec }) => ((spec?.tls ?? []).length > 0 ? "80, 443" : "80")),
    ageColumn(),
  ],
};
