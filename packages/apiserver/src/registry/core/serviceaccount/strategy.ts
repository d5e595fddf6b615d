import { type ServiceAccount, ServiceAccounts } from "@jdos/api";
import { ageColumn, integer, nameColumn } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";

export const serviceAccountStrategy: Strategy<ServiceAccount> = {
  type: ServiceAccounts,
  singular: "serviceaccount",
  shortNames: ["sa"],
  subresources: [
    {
      name: "token",
      verbs: ["create"],
      group: "authentication.k8s.io",
      version: "v1",
      kind: "TokenRequest",
    },
  ],
  validateName: nameRule(dnsSubdomain),
  columns: [nameColumn(), integer("Secrets", (account) => account.secrets?.length ?? 0), ageColumn()],
};
