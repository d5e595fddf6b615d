import type { Pod } from "@jdos/api";
import { ageColumn, nameColumn, orNone, text, wide } from "../../../printing/columns.ts";
import type { TableColumn } from "../../strategy.ts";
import { summarize } from "./status-text.ts";

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const conditions = pod.status?.conditions ?? [];
  const passed = gates.filter((gate) =>
    conditions.some((one) => one.type === gate.conditionType && one.status === "True"),
  );
  return `${passed.length}/${gates.length}`;
}

export const podColumns: readonly TableColumn<Pod>[] = [
  nameColumn(),
  text("Ready", (pod, now) => summarize(pod, now).ready),
  text("Status", (pod, now) => summarize(pod, now).status),
  text("Restarts", (pod, now) => summarize(pod, now).restarts),
  ageColumn(),
  wide(text("IP", (pod) => orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP))),
  wide(text("Node", (pod) => orNone(pod.spec?.nodeName))),
  wide(text("Nominated Node", (pod) => orNone(pod.status?.nominatedNodeName))),
  wide(text("Readiness Gates", readinessGates)),
];
