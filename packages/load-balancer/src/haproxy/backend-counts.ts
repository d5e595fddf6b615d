import type { AnswerCounts } from "@jdos/api";
import { LATENCY_BOUNDS } from "./latency.ts";

export const CODES = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"] as const;

/** What one of HAProxy's backends counted since its worker started. */
export interface SlotCounts {
  /** Answers by CODES, with those that HAProxy gave itself. */
  codes: readonly number[];
  /** Answers that came within each of LATENCY_BOUNDS, and at last all that a server gave. */
  latency: readonly number[];
}

/** What one worker of HAProxy counted since it started. */
export interface Counted {
  /** Another one begins at zero. */
  worker: string;
  slots: readonly (SlotCounts & { name: string; serves: string | null })[];
}

/** What one worker of HAProxy counted since it started, by the names of wanted backends. */
export interface BackendCounts {
  worker: string;
  backends: ReadonlyMap<string, AnswerCounts>;
}

/** The answers of each backend out of `show stat`'s table. Source: HAProxy 2.6 Management Guide, 9.1. */
export function readCodes(text: string): Map<string, number[]> {
  const [head = "", ...lines] = text.split("\n");
  const columns = head.replace(/^# /, "").split(",");
  const places = CODES.map((code) => columns.indexOf(`hrsp_${code}`));
  const result = new Map<string, number[]>();
  for (const line of lines) {
    const cells = line.split(",");
    if (cells[columns.indexOf("svname")] !== "BACKEND") continue;
    result.set(
      cells[columns.indexOf("pxname")] ?? "",
      places.map((place) => Number(cells[place] ?? 0)),
    );
  }
  return result;
}

/** The counters of each key out of `show table`'s lines. */
export function readLatency(text: string): Map<string, number[]> {
  const result = new Map<string, number[]>();
  for (const [, key = "", rest = ""] of text.matchAll(/ key=(\S+) (.*)$/gm)) {
    const counters = new Map(
      [...rest.matchAll(/gpc(\d+)=(\d+)/g)].map(([, index, count]) => [Number(index), count]),
    );
    result.set(
      key,
      Array.from({ length: LATENCY_BOUNDS.length + 1 }, (_, index) => Number(counters.get(index) ?? 0)),
    );
  }
  return result;
}

/** As requests and errors of each wanted backend. */
export function backendCounts({ worker, slots }: Counted): BackendCounts {
  const backends = new Map<string, AnswerCounts>();
  for (const { serves, codes } of slots) {
    if (serves === null) continue;
    const requests = codes.reduce((sum, count) => sum + count, 0);
    backends.set(serves, { requests, errors: codes[CODES.indexOf("5xx")] ?? 0 });
  }
  return { worker, backends };
}
