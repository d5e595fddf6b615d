const NAMED = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const DAYS = "sun|mon|tue|wed|thu|fri|sat";

interface Part {
  name: string;
  least: number;
  most: number;
  words?: string;
}

const PARTS: readonly Part[] = [
  { name: "minute", least: 0, most: 59 },
  { name: "hour", least: 0, most: 23 },
  { name: "day of month", least: 1, most: 31 },
  { name: "month", least: 1, most: 12, words: MONTHS },
  { name: "day of week", least: 0, most: 6, words: DAYS },
];

/** Why a schedule in cron's form cannot be read. */
export function scheduleReasons(schedule: string): string[] {
  const text = schedule.trim();
  if (/\bTZ\b/.test(text)) return ["cannot use TZ or CRON_TZ in schedule, use timeZone field instead"];
  if (NAMED.includes(text) || /^@every \S+$/.test(text)) return [];
  if (text.startsWith("@")) return [`unrecognized descriptor: ${text}`];
  const fields = text.split(/\s+/);
  if (fields.length !== PARTS.length) {
    return [`expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`];
  }
  return fields.flatMap((field, index) => fieldReasons(field, PARTS[index]!));
}

function fieldReasons(field: string, part: Part): string[] {
  return field.split(",").flatMap((range) => rangeReasons(range, part));
}

function rangeReasons(range: string, part: Part): string[] {
  const [span = "", step, ...rest] = range.split("/");
  if (rest.length > 0) return [`too many slashes: ${range}`];
  if (step !== undefined && !/^[1-9]\d*$/.test(step))
    return [`step of range should be a positive number: ${range}`];
  if (span === "*" || span === "?") return [];
  const ends = span.split("-");
  if (ends.length > 2) return [`too many hyphens: ${range}`];
  for (const end of ends) {
    if (part.words !== undefined && new RegExp(`^(${part.words})$`, "i").test(end)) continue;
    if (!/^\d+$/.test(end)) return [`failed to parse int from ${end}`];
    if (Number(end) < part.least)
      return [`beginning of range (${end}) below minimum (${part.least}): ${range}`];
    if (Number(end) > part.most) return [`end of range (${end}) above maximum (${part.most}): ${range}`];
  }
  return [];
}
