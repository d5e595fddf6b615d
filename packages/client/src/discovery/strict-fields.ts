import type { Content } from "@jdos/api/older-shapes";
import { type ResourceType, StatusError } from "@jdos/apimachinery";

/** The first Kubernetes whose API server checks fields itself. */
export const CHECKS_FIELDS = { major: 1, minor: 25 } as const;

/** What is said in one member and answered in another, or is the server's to say. */
const NOT_ANSWERED: ReadonlySet<string> = new Set([
  "apiVersion",
  "kind",
  "status",
  "stringData",
  "metadata.creationTimestamp",
  "metadata.managedFields",
  "metadata.resourceVersion",
  "metadata.selfLink",
]);

/**
 * Refuses what a server did not take of an object, as newer servers do for fieldValidation Strict. A member that is
 * false, zero or empty is not missed: servers leave those out of their answers.
 * @throws StatusError BadRequest
 */
export function refuseDropped(type: ResourceType, said: object, answered: object): void {
  const dropped = droppedMembers(said, answered);
  if (dropped.length === 0) return;
  const list = dropped.map((path) => `unknown field "${path}"`).join(", ");
  const what = `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}`;
  throw new StatusError("BadRequest", `${what}: strict decoding error: ${list}`);
}

/** Members of an object that its answer lacks, dotted; those that say nothing are passed over. */
function droppedMembers(said: unknown, answered: unknown, path = ""): string[] {
  if (NOT_ANSWERED.has(path) || saysNothing(said)) return [];
  if (answered === undefined || answered === null) return [path];
  if (Array.isArray(said))
    return said.flatMap((item, index) =>
      droppedMembers(item, (answered as unknown[])[index], `${path}[${index}]`),
    );
  if (typeof said !== "object") return [];
  return Object.entries(said as Content).flatMap(([key, member]) =>
    droppedMembers(member, (answered as Content)[key], path === "" ? key : `${path}.${key}`),
  );
}

function saysNothing(said: unknown): boolean {
  if (said === undefined || said === null || said === false || said === 0 || said === "") return true;
  return typeof said === "object" && Object.values(said).every(saysNothing);
}
