import { type Job, Jobs } from "@jdos/api";
import type { Mutable } from "@jdos/apimachinery";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { jobColumns } from "./columns.ts";
import { defaultJobSpec } from "./defaults.ts";
import { generateSelector } from "./selector.ts";
import { validateJob, validateJobUpdate } from "./validate.ts";

export const jobStrategy: Strategy<Job> = {
  type: Jobs,
  singular: "job",
  categories: ["all"],
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  defaults({ spec }) {
    if (spec !== undefined) defaultJobSpec(spec);
  },
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<Job>).status = {};
    generateSelector(object);
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  selectableFields: { "status.successful": ({ status }) => String(status?.succeeded ?? 0) },
  columns: jobColumns,
};
