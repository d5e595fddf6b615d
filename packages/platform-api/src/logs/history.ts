import type { LogLine, LogQuery, LogStoreQuery } from "@jdos/api";
import type { ApplicationLogOptions } from "./follow.ts";
import type { LogStoreClient } from "./log-store.ts";

export interface HistoryOptions extends Pick<ApplicationLogOptions, "client" | "system" | "app" | "signal"> {
  store: LogStoreClient;
  query: LogQuery;
  /** The lines that the Pods wrote in these last seconds, which may not be kept yet. */
  fresh: (sinceSeconds: number) => Promise<readonly LogLine[]>;
}

const DEFAULT_LINES = 200;
/** A search for the last lines holds so many at most. */
const MAX_LAST_LINES = 10_000;
const FRESH_SECONDS = 10;

/** Whether the Pods themselves cannot answer it. */
export function isAboutThePast({ sinceSeconds, untilSeconds, grep, release }: LogQuery): boolean {
  return [sinceSeconds, untilSeconds, grep, release].some((part) => part !== undefined);
}

/** What an application wrote, of Pods that are gone too, in the order of its time. */
export async function* readHistory(options: HistoryOptions): AsyncGenerator<LogLine> {
  const { query, store, signal } = options;
  const now = Date.now();
  const question = questionOf(options, now);
  const bounded = query.sinceSeconds !== undefined || query.untilSeconds !== undefined;
  const last = query.tail === undefined ? (bounded ? -1 : DEFAULT_LINES) : query.tail;
  const edge = new Date(now - (FRESH_SECONDS + 5) * 1000).toISOString();
  const kept = new Set<string>();
  const known = (line: LogLine): LogLine => {
    if ((line.time ?? "") > edge) kept.add(keyOf(line));
    return line;
  };
  if (last < 0) {
    for await (const line of store.lines({ ...question, order: "oldest" }, signal)) yield known(lineOf(line));
    yield* await notKept(options, kept);
    return;
  }
  const lines: LogLine[] = [];
  const limit = Math.min(last, MAX_LAST_LINES);
  if (limit > 0)
    for await (const line of store.lines({ ...question, order: "newest", limit }, signal))
      lines.unshift(known(lineOf(line)));
  const all = [...lines, ...(await notKept(options, kept))];
  yield* all.slice(Math.max(0, all.length - limit));
}

function questionOf({ system, app, query }: HistoryOptions, now: number): LogStoreQuery {
  const { pod, container, release, grep, sinceSeconds, untilSeconds } = query;
  const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();
  return {
    system,
    application: app,
    ...(pod === undefined ? {} : { pod }),
    ...(container === undefined ? {} : { container }),
    ...(release === undefined ? {} : { release }),
    ...(grep === undefined ? {} : { contains: grep }),
    ...(sinceSeconds === undefined ? {} : { since: ago(sinceSeconds) }),
    ...(untilSeconds === undefined ? {} : { until: ago(untilSeconds) }),
  };
}

async function notKept({ query, fresh }: HistoryOptions, kept: ReadonlySet<string>): Promise<LogLine[]> {
  if (query.untilSeconds !== undefined) return [];
  const lines = await fresh(Math.min(FRESH_SECONDS, query.sinceSeconds ?? FRESH_SECONDS));
  return lines.filter((line) => !kept.has(keyOf(line)) && line.line.includes(query.grep ?? ""));
}

function lineOf({ pod, time, line }: LogLine): LogLine {
  return { pod, time: time ?? "", line };
}

function keyOf({ pod, time = "", line }: LogLine): string {
  return `${pod} ${Date.parse(time)} ${line}`;
}
