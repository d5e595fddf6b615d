import type { BuildStatus } from "@jdos/api";

/** A build that was stopped stopped in the stage that ran. */
export function endedStages(stages: BuildStatus["stages"]): BuildStatus["stages"] {
  return stages?.map((stage) => (stage.state === "Running" ? { ...stage, state: "Failed" } : stage));
}
