import { type HorizontalPodAutoscaler, HorizontalPodAutoscalers } from "@jdos/api";
import type { FieldError, Mutable } from "@jdos/apimachinery";
import { ageColumn, integer, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { separateStatus } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule, pathSegment } from "../../validation/names.ts";
import { metricsText } from "./metrics-text.ts";

const CPU_PERCENT = 80;
const METRIC_TYPES = ["ContainerResource", "External", "Object", "Pods", "Resource"];

function defaults({ spec }: HorizontalPodAutoscaler): void {
  if (spec === undefined) return;
  spec.minReplicas ??= 1;
  if ((spec.metrics ?? []).length > 0) return;
  const target = { type: "Utilization", averageUtilization: CPU_PERCENT };
  spec.metrics = [{ type: "Resource", resource: { name: "cpu", target } }];
}

function validate({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const errors = new FieldErrors();
  if (spec === undefined) {
    errors.required("spec");
    return errors.list;
  }
  const { minReplicas = 1, maxReplicas, scaleTargetRef } = spec;
  if (minReplicas < 1) errors.invalid("spec.minReplicas", minReplicas, "must be greater than or equal to 1");
  if (!(maxReplicas >= 1)) errors.invalid("spec.maxReplicas", maxReplicas ?? 0, "must be greater than 0");
  else if (maxReplicas < minReplicas) {
    errors.invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`");
  }
  for (const member of ["kind", "name"] as const) {
    const value = scaleTargetRef?.[member] ?? "";
    if (value === "") errors.required(`spec.scaleTargetRef.${member}`);
    else errors.allInvalid(`spec.scaleTargetRef.${member}`, value, pathSegment(value));
  }
  for (const [index, { type }] of (spec.metrics ?? []).entries()) {
    errors.oneOf(`spec.metrics[${index}].type`, type, METRIC_TYPES);
  }
  return errors.list;
}

export const horizontalPodAutoscalerStrategy: Strategy<HorizontalPodAutoscaler> = {
  type: HorizontalPodAutoscalers,
  singular: "horizontalpodautoscaler",
  shortNames: ["hpa"],
  notice: "HorizontalPodAutoscalers are kept, but nothing scales by them yet",
  categories: ["all"],
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  defaults,
  prepareForCreate(object) {
    (object as Mutable<HorizontalPodAutoscaler>).status = { desiredReplicas: 0, currentMetrics: [] };
  },
  prepareForUpdate(object, old, _context, subresource) {
    separateStatus(object, old, subresource);
  },
  validate,
  columns: [
    nameColumn(),
    text("Reference", ({ spec }) => `${spec?.scaleTargetRef.kind ?? ""}/${spec?.scaleTargetRef.name ?? ""}`),
    text("Targets", metricsText),
    text("MinPods", ({ spec }) => String(spec?.minReplicas ?? "<unset>")),
    integer("MaxPods", ({ spec }) => spec?.maxReplicas ?? 0),
    integer("Replicas", ({ status }) => status?.currentReplicas ?? 0),
    ageColumn(),
  ],
};
