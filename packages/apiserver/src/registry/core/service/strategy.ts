import { type Service, Services } from "@jdos/api";
import type { Mutable } from "@jdos/apimachinery";
import type { Strategy } from "../../strategy.ts";
import { separateStatus } from "../../update/spec-and-status.ts";
import { dnsLabel1035, nameRule } from "../../validation/names.ts";
import { serviceColumns } from "./columns.ts";
import { defaultService } from "./defaults.ts";
import { keepAllocated } from "./keep-allocated.ts";
import { validateService, validateServiceUpdate } from "./validate.ts";

export const serviceStrategy: Strategy<Service> = {
  type: Services,
  singular: "service",
  shortNames: ["svc"],
  categories: ["all"],
  subresources: [
    { name: "proxy", verbs: ["create", "delete", "get", "patch", "update"], kind: "ServiceProxyOptions" },
    { name: "status", verbs: ["get", "patch", "update"] },
  ],
  validateName: nameRule(dnsLabel1035),
  defaults: defaultService,
  prepareForCreate(object) {
    (object as Mutable<Service>).status = { loadBalancer: {} };
  },
  prepareForUpdate(object, old, _context, subresource) {
    if (separateStatus(object, old, subresource)) return;
    keepAllocated(object, old);
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  selectableFields: {
    "spec.clusterIP": (service) => service.spec?.clusterIP ?? "",
    "spec.type": (service) => service.spec?.type ?? "",
  },
  columns: serviceColumns,
};
