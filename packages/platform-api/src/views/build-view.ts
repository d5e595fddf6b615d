import type { Build, BuildView } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { conditionOf } from "../explain/facts.ts";

export function buildView(build: Stored<Build>): BuildView {
  const { metadata, spec, status } = build;
  const stages = status?.stages ?? [];
  const stage =
    stages.find(({ state }) => state === "Failed") ?? stages.find(({ state }) => state === "Running");
  const succeeded = conditionOf(build, "Succeeded");
  const said = succeeded?.message;
  const message = status?.phase === "Cancelled" ? said : (stage?.message ?? said);
  const revision = spec.source.bundle?.revision ?? status?.revision;
  const ref = spec.source.bundle?.ref ?? spec.source.git?.revision;
  const seconds = secondsBetween(status?.startTime, status?.completionTime);
  return {
    name: metadata.name,
    number: spec.number,
    phase: status?.phase ?? "Pending",
    ...(stage === undefined ? {} : { stage: stage.name }),
    ...(message === undefined ? {} : { message }),
    ...(status?.stack === undefined ? {} : { stack: status.stack }),
    ...(revision === undefined ? {} : { revision }),
    ...(ref === undefined ? {} : { ref }),
    ...(status?.image === undefined ? {} : { image: status.image }),
    ...(spec.requestedBy === undefined ? {} : { requestedBy: spec.requestedBy }),
    trigger: { kind: "Deploy", ...spec.trigger },
    ...(spec.retryOf === undefined ? {} : { retryOf: spec.retryOf }),
    ...(succeeded?.reason === undefined ? {} : { reason: succeeded.reason }),
    ...(status?.startTime === undefined ? {} : { startedAt: status.startTime }),
    ...(seconds === undefined ? {} : { seconds }),
    stages: stages.map(({ name, state, seconds, message }) => ({
      name,
      state,
      ...(seconds === undefined ? {} : { seconds }),
      ...(message === undefined ? {} : { message }),
    })),
    createdAt: metadata.creationTimestamp,
  };
}

function secondsBetween(start: string | undefined, end: string | undefined): number | undefined {
  return start === undefined || end === undefined ? undefined : (Date.parse(end) - Date.parse(start)) / 1000;
}
