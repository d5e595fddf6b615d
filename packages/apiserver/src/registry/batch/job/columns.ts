import type { Job } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import {
  ageColumn,
  containerColumns,
  nameColumn,
  selectorText,
  text,
  wide,
} from "../../../printing/columns.ts";
import { humanDuration } from "../../../printing/human-duration.ts";
import type { TableColumn } from "../../strategy.ts";

function statusOf(job: Job): string {
  const conditions = job.status?.conditions;
  if (isConditionTrue(conditions, "Complete")) return "Complete";
  if (isConditionTrue(conditions, "Failed")) return "Failed";
  if (job.metadata?.deletionTimestamp !== undefined) return "Terminating";
  if (isConditionTrue(conditions, "Suspended")) return "Suspended";
  if (isConditionTrue(conditions, "FailureTarget")) return "FailureTarget";
  return isConditionTrue(conditions, "SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function duration({ status }: Job, now: Date): string {
  if (status?.startTime === undefined) return "";
  const end = status.completionTime === undefined ? now.getTime() : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
}

export const jobColumns: readonly TableColumn<Job>[] = [
  nameColumn(),
  text("Status", statusOf),
  text("Completions", completions),
  text("Duration", duration),
  ageColumn(),
  ...containerColumns<Job>(({ spec }) => spec?.template?.spec),
  wide(text("Selector", ({ spec }) => selectorText(spec?.selector))),
];
