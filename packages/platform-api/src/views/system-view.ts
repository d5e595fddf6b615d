import type { System, SystemView } from "@jdos/api";
import type { Mutable } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { conditionOf } from "../explain/facts.ts";

export function systemView({ metadata, spec, status }: Stored<System>, applications: number): SystemView {
  const ready = conditionOf({ ...(status === undefined ? {} : { status }) }, "Ready");
  return {
    name: metadata.name,
    ...(spec.displayName === undefined ? {} : { displayName: spec.displayName }),
    ...(spec.department === undefined ? {} : { department: spec.department }),
    state:
      metadata.deletionTimestamp !== undefined ? "Deleting" : ready?.status === "True" ? "Ready" : "NotReady",
    ...(ready?.message === undefined ? {} : { message: ready.message }),
    members: (spec.members ?? []).map(({ name, role }) => ({ name, role })),
    ...(spec.quota === undefined ? {} : { quota: spec.quota as Mutable<typeof spec.quota> }),
    applications,
    createdAt: metadata.creationTimestamp,
  };
}
