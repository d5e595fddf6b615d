import { type RoleBinding, RoleBindings } from "@jdos/api";
import { ageColumn, nameColumn, text, wide } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { nameRule, pathSegment } from "../../validation/names.ts";
import { defaultBinding, subjectsText, validateBinding, validateBindingUpdate } from "../validate.ts";

const ROLE_KINDS = ["ClusterRole", "Role"];

export const roleBindingStrategy: Strategy<RoleBinding> = {
  type: RoleBindings,
  singular: "rolebinding",
  subresources: [],
  validateName: nameRule(pathSegment),
  defaults: defaultBinding,
  validate: (binding) => validateBinding(binding, ROLE_KINDS),
  validateUpdate: validateBindingUpdate,
  columns: [
    nameColumn(),
    text("Role", ({ roleRef }) => `${roleRef?.kind ?? ""}/${roleRef?.name ?? ""}`),
    ageColumn(),
    wide(text("Users", (binding) => subjectsText(binding, "User"))),
    wide(text("Groups", (binding) => subjectsText(binding, "Group"))),
    wide(text("ServiceAccounts", (binding) => subjectsText(binding, "ServiceAccount"))),
  ],
};
