import type { LogLine } from "@jdos/api/platform-api";

/**
 * Remembers how far each Pod's log was read, so that a stream opened again after a restart of the platform goes on
 * where the last one ended.
 */
export class LogPosition {
  readonly #last = new Map<string, string>();

  /** The lines not seen yet; those without a time cannot be told apart and are all passed on. */
  async *unseen(lines: AsyncIterable<LogLine>): AsyncGenerator<LogLine> {
    for await (const line of lines) {
      const time = line.time === undefined ? undefined : sortable(line.time);
      if (time !== undefined && time <= (this.#last.get(line.pod) ?? "")) continue;
      if (time !== undefined) this.#last.set(line.pod, time);
      yield line;
    }
  }

  /** What to ask for so that nothing is missed; undefined before the first line. */
  resume(now = new Date()): { tail: number; sinceSeconds: number } | undefined {
    const latest = [...this.#last.values()].sort()[0];
    if (latest === undefined) return undefined;
    const seconds = (now.getTime() - Date.parse(latest)) / 1000;
    return { tail: -1, sinceSeconds: Math.max(1, Math.ceil(seconds) + 1) };
  }
}

/** RFC 3339 with nine digits of a second, so that texts are ordered as times. */
function sortable(time: string): string {
  const match = /^([^.]+?)(?:\.(\d+))?Z$/.exec(time);
  return match === null ? time : `${match[1]}.${(match[2] ?? "").padEnd(9, "0")}Z`;
}
