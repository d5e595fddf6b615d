import { type Event, Events } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { integer, text, wide } from "../../../printing/columns.ts";
import { humanDuration, since } from "../../../printing/human-duration.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";

function firstSeen(event: Event, now: Date): string {
  return since(event.firstTimestamp ?? event.eventTime, now);
}

/** "5s (x3 over 2m)" for what came more than once. */
function lastSeen(event: Event, now: Date): string {
  const count = event.series?.count ?? event.count ?? 0;
  const last = event.series?.lastObservedTime ?? event.lastTimestamp;
  if (last === undefined) return firstSeen(event, now);
  const first = event.firstTimestamp ?? event.eventTime;
  if (count <= 1 || first === undefined) return since(last, now);
  return `${since(last, now)} (x${count} over ${humanDuration(now.getTime() - Date.parse(first))})`;
}

function objectOf(event: Event): string {
  const { kind, name } = event.involvedObject ?? {};
  return kind ? `${kind.toLowerCase()}/${name ?? ""}` : (name ?? "");
}

function sourceOf(event: Event): string {
  const component = event.source?.component || event.reportingComponent || "";
  const host = event.source?.host || event.reportingInstance || "";
  return [component, host].filter((part) => part !== "").join(", ");
}

function validate(event: Event): FieldError[] {
  const errors = new FieldErrors();
  const namespace = event.metadata?.namespace ?? "";
  const about = event.involvedObject?.namespace ?? "";
  const wrong = about === "" ? namespace !== "default" : about !== namespace;
  if (wrong) errors.invalid("involvedObject.namespace", about, "does not match event.namespace");
  return errors.list;
}

const INVOLVED = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"] as const;
const involvedFields = Object.fromEntries(
  INVOLVED.map((member) => [
    `involvedObject.${member}`,
    (event: Event) => event.involvedObject?.[member] ?? "",
  ]),
);

export const eventStrategy: Strategy<Event> = {
  type: Events,
  singular: "event",
  shortNames: ["ev"],
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults(event) {
    event.source ??= {};
  },
  validate,
  selectableFields: {
    ...involvedFields,
    reason: (event) => event.reason ?? "",
    reportingComponent: (event) => event.reportingComponent ?? "",
    source: (event) => event.source?.component || event.reportingComponent || "",
    type: (event) => event.type ?? "",
  },
  columns: [
    text("Last Seen", lastSeen),
    text("Type", (event) => event.type ?? ""),
    text("Reason", (event) => event.reason ?? ""),
    text("Object", objectOf),
    wide(text("Subobject", (event) => event.involvedObject?.fieldPath ?? "")),
    wide(text("Source", sourceOf)),
    text("Message", (event) => (event.message ?? "").trim()),
    wide(text("First Seen", firstSeen)),
    wide(integer("Count", (event) => event.series?.count ?? event.count ?? 1)),
    wide({ name: "Name", type: "string", format: "name", cell: (event) => event.metadata?.name ?? "" }),
  ],
};
