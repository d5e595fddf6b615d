import type { LogBatch } from "@jdos/api";
import { LogServerError } from "../errors.ts";

/** What a collector gives. @throws LogServerError BadRequest with the place that is wrong */
export function readBatch(value: unknown): LogBatch {
  const { runs } = (value ?? {}) as Partial<LogBatch>;
  if (!Array.isArray(runs)) throw wrong("runs");
  for (const [at, run] of runs.entries()) {
    const { source, position, lines } = (run ?? {}) as Partial<LogBatch["runs"][number]>;
    const texts = [
      source?.run,
      source?.system,
      source?.application,
      source?.pod,
      source?.container,
      source?.node,
    ];
    if (!texts.every(isText) || !isCount(source?.release)) throw wrong(`runs[${at}].source`);
    if (!isPosition(position)) throw wrong(`runs[${at}].position`);
    if (!Array.isArray(lines)) throw wrong(`runs[${at}].lines`);
    const bad = lines.findIndex(
      (line) =>
        !isPosition(line) ||
        !isText(line.time) ||
        !isText(line.line) ||
        (line.stream !== "stdout" && line.stream !== "stderr"),
    );
    if (bad >= 0) throw wrong(`runs[${at}].lines[${bad}]`);
  }
  return { runs };
}

export function readRuns(value: unknown): string[] {
  const { runs } = (value ?? {}) as { runs?: unknown };
  if (!Array.isArray(runs) || !runs.every(isText)) throw wrong("runs");
  return runs;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isPosition = (value: { file?: unknown; offset?: unknown } | undefined): boolean =>
  isText(value?.file) && isCount(value?.offset);

function wrong(place: string): LogServerError {
  return new LogServerError("BadRequest", `Cannot read the lines: "${place}" is not of its form`);
}
