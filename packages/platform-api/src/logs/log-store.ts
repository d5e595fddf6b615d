import { LOG_ROUTES, type LogPage, type LogStoreQuery, MAX_PAGE_LINES, type StoredLine } from "@jdos/api";
import { messageOf } from "@jdos/apimachinery";
import { sendHttp } from "@jdos/component-base";
import { PlatformError } from "../errors.ts";

export interface LogStoreAccess {
  /** Of the log server: http://log-server.jdos-system.svc, or unix:/PATH. */
  url: string;
  /** That reads. */
  key: string;
}

/** The log server as this process asks it: only for what the person may see, which the caller has looked at. */
export class LogStoreClient {
  readonly #access: LogStoreAccess;

  constructor(access: LogStoreAccess) {
    this.#access = access;
  }

  /** Lines in the order asked for, up to `limit`; page after page. @throws PlatformError Unavailable */
  async *lines(
    { limit = Number.POSITIVE_INFINITY, ...query }: LogStoreQuery,
    signal?: AbortSignal,
  ): AsyncGenerator<StoredLine> {
    let left = limit;
    let cursor: string | undefined;
    do {
      const page = await this.#page(
        { ...query, limit: Math.min(left, MAX_PAGE_LINES), ...(cursor === undefined ? {} : { cursor }) },
        signal,
      );
      yield* page.lines;
      left -= page.lines.length;
      cursor = page.cursor;
    } while (cursor !== undefined && left > 0);
  }

  async #page(query: LogStoreQuery, signal?: AbortSignal): Promise<LogPage> {
    const { url, key } = this.#access;
    const parameters = new URLSearchParams(
      Object.entries(query).map(([name, value]) => [name, String(value)] as [string, string]),
    );
    const headers = { authorization: `Bearer ${key}` };
    let why: string;
    try {
      const { status, text } = await sendHttp({
        url,
        path: `${LOG_ROUTES.lines}?${parameters}`,
        headers,
        signal,
      });
      if (status === 200) return JSON.parse(text) as LogPage;
      why = (JSON.parse(text) as { message?: string }).message ?? `HTTP ${status}`;
    } catch (error) {
      why = messageOf(error);
    }
    throw new PlatformError("Unavailable", `Cannot read the log store: ${why}`, {
      hint: "Without --since, --until, --grep and --release, jdos logs reads what the Pods still have",
    });
  }
}

export function noLogStore(): PlatformError {
  return new PlatformError("NoLogStore", "Cannot search the log: no log store is set up here", {
    hint: "Without --until, --grep and --release, jdos logs reads what the Pods still have. An administrator sets logs.provider in the values of jdos install, on one machine jdos up --log-limit",
  });
}
