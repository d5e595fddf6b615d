/** Rows under headings. */
export interface Table {
  headings: readonly string[];
  rows: readonly (readonly (string | number | undefined)[])[];
  /** Said in place of a table without rows. */
  empty?: string;
}

/** One column of a table made of objects. */
export type Column<T> = readonly [heading: string, cell: (item: T) => string | number | undefined];

export function tableOf<T>(items: readonly T[], columns: readonly Column<T>[], empty?: string): Table {
  return {
    headings: columns.map(([heading]) => heading),
    rows: items.map((item) => columns.map(([, cell]) => cell(item))),
    ...(empty === undefined ? {} : { empty }),
  };
}

/** Left-aligned columns, two spaces apart; control characters of foreign text are taken out. */
export function formatTable({ headings, rows, empty }: Table): string {
  if (rows.length === 0) return empty ?? "";
  const cells = [headings, ...rows].map((row) => row.map((cell) => clean(String(cell ?? "-"))));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Replaces control characters, so that text of others cannot steer the terminal. */
export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** "3m", "5d": how long ago a time was. */
export function age(time: string | undefined, now = new Date()): string {
  if (time === undefined) return "-";
  const seconds = Math.max(0, (now.getTime() - Date.parse(time)) / 1000);
  const [unit, size] = UNITS.find(([, limit]) => seconds >= limit) ?? UNITS[3]!;
  return `${Math.floor(seconds / size)}${unit}`;
}

/** "12 MiB" */
export function bytesText(size: number | undefined): string {
  if (size === undefined) return "-";
  const [unit, scale] = size >= 2 ** 30 ? (["GiB", 2 ** 30] as const) : (["MiB", 2 ** 20] as const);
  return `${(size / scale).toFixed(1)} ${unit}`;
}

/** "1.2 s", "48 ms" */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
