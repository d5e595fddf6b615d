/** Reads "1,3-5,7", the form of a Job's completedIndexes. */
export function parseIndexes(text: string | undefined): Set<number> {
  const indexes = new Set<number>();
  if (text === undefined || text === "") return indexes;
  for (const part of text.split(",")) {
    const [first = "", last = first] = part.split("-");
    for (let index = Number(first); index <= Number(last); index++) indexes.add(index);
  }
  return indexes;
}

/** Writes indexes in increasing order; three or more in a row become a range. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (sorted[end + 1] === sorted[end]! + 1) end++;
    if (end === start) parts.push(String(sorted[start]));
    else parts.push(`${sorted[start]}${end === start + 1 ? "," : "-"}${sorted[end]}`);
    start = end + 1;
  }
  return parts.join(",");
}
