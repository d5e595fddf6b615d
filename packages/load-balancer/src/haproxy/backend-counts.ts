import type { AnswerCounts } from "@jdos/api";

/** What one worker of HAProxy counted since it started. */
export interface BackendCounts {
  /** Another one begins at zero. */
  worker: string;
  backends: ReadonlyMap<string, AnswerCounts>;
}

const ANSWERS = ["hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other"];

/** The answers of each backend out of `show stat`'s table. Source: HAProxy 2.6 Management Guide, 9.1. */
export function readCounts(text: string): Map<string, AnswerCounts> {
  const [head = "", ...lines] = text.split("\n");
  const columns = head.replace(/^# /, "").split(",");
  const result = new Map<string, AnswerCounts>();
  for (const line of lines) {
    const cells = line.split(",");
    const cell = (name: string): string => cells[columns.indexOf(name)] ?? "";
    if (cell("svname") !== "BACKEND") continue;
    const requests = ANSWERS.reduce((sum, name) => sum + Number(cell(name)), 0);
    result.set(cell("pxname"), { requests, errors: Number(cell("hrsp_5xx")) });
  }
  return result;
}
