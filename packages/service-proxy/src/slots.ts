/**
 * Places a set in numbered slots 0..n-1 with as few changes as possible: what stays keeps its slot, what is new
 * fills the holes, and the last ones move into the holes that are left.
 */
export function placeInSlots(current: readonly string[], wanted: readonly string[]): string[] {
  const want = new Set(wanted);
  const have = new Set(current);
  const fresh = wanted.filter((value) => !have.has(value));
  const slots = current.map((value) => (want.has(value) ? value : fresh.shift()));
  const placed = slots.concat(fresh);
  while (placed.length > want.size) {
    const last = placed.pop();
    if (last !== undefined) placed[placed.indexOf(undefined)] = last;
  }
  return placed as string[];
}
