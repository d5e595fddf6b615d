import { type ClusterRole, ClusterRoles } from "@jdos/api";
import { nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { nameRule, pathSegment } from "../../validation/names.ts";
import { validateRules } from "../validate.ts";

export const clusterRoleStrategy: Strategy<ClusterRole> = {
  type: ClusterRoles,
  singular: "clusterrole",
  subresources: [],
  validateName: nameRule(pathSegment),
  validate: ({ rules }) => validateRules(rules, { cluster: true }),
  columns: [nameColumn(), text("Created At", ({ metadata }) => metadata?.creationTimestamp ?? "<unknown>")],
};
