/**
 * True when `live` says everything `wanted` says: members the server added do not matter, lists must be of one
 * length and order.
 */
export function covers(live: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true;
  if (live === undefined) return saysNothing(wanted);
  if (wanted === null || typeof wanted !== "object") return live === wanted;
  if (live === null || typeof live !== "object") return false;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length !== wanted.length) return false;
    return wanted.every((item, index) => covers(live[index], item));
  }
  const members = live as Record<string, unknown>;
  return Object.entries(wanted).every(([key, member]) => covers(members[key], member));
}

/** A server may leave out what is zero, false or empty. */
function saysNothing(value: unknown): boolean {
  if (value === 0 || value === false || value === "") return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
