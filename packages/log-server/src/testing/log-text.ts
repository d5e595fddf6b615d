export interface LogTextOptions {
  /** The number of the first line: its time. Defaults to 0. */
  from?: number;
  stream?: "stdout" | "stderr";
  /** Of line 0, milliseconds since the epoch. */
  begin?: number;
}

/** Lines as a runtime writes them, a millisecond apart. */
export function logText(
  lines: readonly string[],
  { from = 0, stream = "stdout", begin = Date.UTC(2026, 0, 1) }: LogTextOptions = {},
): string {
  return lines
    .map((line, at) => {
      const time = new Date(begin + from + at).toISOString().replace("Z", "000000Z");
      return `${time} ${stream} F ${line}\n`;
    })
    .join("");
}
