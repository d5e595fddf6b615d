import { type Role, Roles } from "@jdos/api";
import { nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { nameRule, pathSegment } from "../../validation/names.ts";
import { validateRules } from "../validate.ts";

export const roleStrategy: Strategy<Role> = {
  type: Roles,
  singular: "role",
  subresources: [],
  validateName: nameRule(pathSegment),
  validate: ({ rules }) => validateRules(rules, { cluster: false }),
  columns: [nameColumn(), text("Created At", ({ metadata }) => metadata?.creationTimestamp ?? "<unknown>")],
};
