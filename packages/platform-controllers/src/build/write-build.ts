import { type Build, type BuildStatus, Builds } from "@jdos/api";
import { type Condition, deepCopy, deepEqual, setCondition } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

/**
 * Writes a Build's status when it differs. Only onto the Build as it was read: whoever cancels it, ends it or gives it
 * a place meanwhile is seen first (a Conflict, and the reconcile runs again).
 */
export async function writeBuild(
  client: Client,
  build: Stored<Build>,
  status: BuildStatus,
): Promise<Stored<Build>> {
  const wanted = deepCopy({ ...status, observedGeneration: build.metadata.generation });
  if (deepEqual(build.status ?? {}, wanted)) return build;
  return client.update(Builds, { ...build, status: wanted } as Stored<Build>, { subresource: "status" });
}

/** The conditions of a Build with what is said of its success. */
export function succeeded(
  build: Stored<Build>,
  condition: Pick<Condition, "status" | "reason" | "message">,
  now: Date,
): Condition[] {
  const before = build.status?.conditions as Condition[] | undefined;
  return setCondition(before, { type: "Succeeded", ...condition }, now);
}
