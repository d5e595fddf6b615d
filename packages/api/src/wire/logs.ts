/**
 * The log server's HTTP interface: JSON, over TCP or a Unix socket, with `authorization: Bearer KEY`. One key writes
 * (collectors), another reads (the platform API, which asks only for what the person may see). An error is
 * `{code, message, hint}`.
 */

/** Path of each route. */
export const LOG_ROUTES = {
  /** POST LogBatch -> 204; GET LogStoreQuery as a query string -> LogPage */
  lines: "/v1/lines",
  /** POST {runs: string[]} -> KnownRuns */
  positions: "/v1/positions",
  /** GET -> LogStoreStatus */
  status: "/v1/status",
} as const;

/** Where a run of a container stands and whose it is. */
export interface LogSource {
  /** "<Pod uid>/<container>/<restart number>": one run of one container, and all its log files. */
  run: string;
  system: string;
  application: string;
  /** 0: the Pod names none. */
  release: number;
  pod: string;
  container: string;
  node: string;
}

/** A place in the log of a run: the file by the time of its first line, and the byte in it. */
export interface LogPosition {
  file: string;
  offset: number;
}

/** A line, known for good by its run and its position: the same one given twice is kept once. */
export interface CollectedLine extends LogPosition {
  /** RFC 3339 in UTC with nine digits of a second. */
  time: string;
  stream: "stdout" | "stderr";
  line: string;
}

/** Lines of one run, and where to read on once they are kept. */
export interface RunLines {
  source: LogSource;
  lines: CollectedLine[];
  position: LogPosition;
}

/** All of it is kept, or the sender gives it again. */
export interface LogBatch {
  runs: RunLines[];
}

/** What the store knows of runs: those it has never heard of are missing. */
export interface KnownRuns {
  [run: string]: { source: LogSource; position: LogPosition };
}

export interface LogStoreQuery {
  system: string;
  application: string;
  pod?: string;
  container?: string;
  release?: number;
  stream?: "stdout" | "stderr";
  /** RFC 3339; lines of that moment belong to it. */
  since?: string;
  /** RFC 3339; lines of that moment belong to it. */
  until?: string;
  /** Lines that have this text in them, as it is written. */
  contains?: string;
  /** Defaults to newest. */
  order?: "newest" | "oldest";
  /** 1 to MAX_PAGE_LINES; defaults to 200. */
  limit?: number;
  /** Of the page before, to the same question. */
  cursor?: string;
}

export const MAX_PAGE_LINES = 2000;

export interface StoredLine {
  time: string;
  pod: string;
  container: string;
  release: number;
  stream: "stdout" | "stderr";
  line: string;
}

export interface LogPage {
  /** In the order asked for. May be fewer than the limit, or none, while there is a cursor: the search goes on with it. */
  lines: StoredLine[];
  /** Absent at the end. */
  cursor?: string;
}

export interface LogStoreStatus {
  /** Ok; Full: nothing more is kept until there is room; Away: the store does not answer. */
  state: "Ok" | "Full" | "Away";
  /** In a sentence, of another state than Ok. */
  message?: string;
  usedBytes: number;
  limitBytes: number;
  retentionDays: number;
  /** Of the oldest line that is kept, when it is known. */
  oldest?: string;
}
