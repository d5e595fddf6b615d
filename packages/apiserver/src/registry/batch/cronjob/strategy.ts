import { type CronJob, CronJobs } from "@jdos/api";
import type { FieldError, Mutable } from "@jdos/apimachinery";
import {
  ageColumn,
  containerColumns,
  integer,
  nameColumn,
  orNone,
  selectorText,
  text,
  wide,
} from "../../../printing/columns.ts";
import { since } from "../../../printing/human-duration.ts";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain } from "../../validation/names.ts";
import { defaultJobSpec } from "../job/defaults.ts";
import { validateJobSpec } from "../job/validate.ts";
import { scheduleReasons } from "./schedule.ts";

/** The names of its Jobs are 11 characters longer. */
const NAME_LIMIT = 52;

function defaults({ spec }: CronJob): void {
  if (spec === undefined) return;
  spec.concurrencyPolicy ||= "Allow";
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  if (spec.jobTemplate?.spec === undefined) return;
  const job = spec.jobTemplate.spec;
  const {
    completions,
    parallelism,
    completionMode,
    suspend,
    manualSelector,
    podReplacementPolicy,
    backoffLimit,
  } = job;
  defaultJobSpec(job);
  // The defaults of the Job itself are given when the Job is made; in the template only its Pods have theirs.
  const given = {
    completions,
    parallelism,
    completionMode,
    suspend,
    manualSelector,
    podReplacementPolicy,
    backoffLimit,
  };
  for (const [member, value] of Object.entries(given)) {
    if (value === undefined) delete (job as unknown as Record<string, unknown>)[member];
  }
}

function validate({ metadata, spec }: CronJob): FieldError[] {
  const errors = new FieldErrors();
  if (spec === undefined) {
    errors.required("spec");
    return errors.list;
  }
  if ((metadata?.name ?? "").length > NAME_LIMIT) {
    errors.invalid("metadata.name", metadata?.name, `must be no more than ${NAME_LIMIT} characters`);
  }
  if (!spec.schedule) errors.required("spec.schedule");
  else errors.allInvalid("spec.schedule", spec.schedule, scheduleReasons(spec.schedule));
  if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone)) {
    errors.invalid("spec.timeZone", spec.timeZone, `unknown time zone ${spec.timeZone}`);
  }
  errors.oneOf("spec.concurrencyPolicy", spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"]);
  for (const member of [
    "startingDeadlineSeconds",
    "successfulJobsHistoryLimit",
    "failedJobsHistoryLimit",
  ] as const) {
    errors.nonNegative(`spec.${member}`, spec[member]);
  }
  const job = spec.jobTemplate?.spec;
  if (job === undefined) errors.required("spec.jobTemplate.spec");
  else validateJobSpec(errors, "spec.jobTemplate.spec", { completionMode: "NonIndexed", ...job });
  return errors.list;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const cronJobStrategy: Strategy<CronJob> = {
  type: CronJobs,
  singular: "cronjob",
  shortNames: ["cj"],
  categories: ["all"],
  subresources: statusOnly,
  validateName: (name) => dnsSubdomain(name)[0],
  defaults,
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<CronJob>).status = {};
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate,
  columns: [
    nameColumn(),
    text("Schedule", ({ spec }) => spec?.schedule ?? ""),
    text("Timezone", ({ spec }) => orNone(spec?.timeZone)),
    text("Suspend", ({ spec }) => (spec?.suspend === true ? "True" : "False")),
    integer("Active", ({ status }) => status?.active?.length ?? 0),
    text("Last Schedule", ({ status }, now) =>
      status?.lastScheduleTime === undefined ? "<none>" : since(status.lastScheduleTime, now),
    ),
    ageColumn(),
    ...containerColumns<CronJob>(({ spec }) => spec?.jobTemplate?.spec?.template?.spec),
    wide(text("Selector", ({ spec }) => selectorText(spec?.jobTemplate?.spec?.selector))),
  ],
};
