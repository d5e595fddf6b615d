import { type KnownRuns, LOG_ROUTES, type LogBatch } from "@jdos/api";
import { messageOf } from "@jdos/apimachinery";
import { sendHttp } from "@jdos/component-base";
import { LogServerError, type LogServerErrorCode, STORE_ERROR_CODES } from "../errors.ts";
import type { LogSink } from "../store/store.ts";

export interface RemoteSinkOptions {
  /** Of the log server: http://log-server.jdos-system.svc */
  url: string;
  /** That writes. */
  key: string;
}

/** The log server, as collectors reach it. */
export class RemoteSink implements LogSink {
  readonly #options: RemoteSinkOptions;

  constructor(options: RemoteSinkOptions) {
    this.#options = options;
  }

  async positions(runs: readonly string[]): Promise<KnownRuns> {
    return JSON.parse(await this.#send(LOG_ROUTES.positions, { runs })) as KnownRuns;
  }

  async append(batch: LogBatch): Promise<void> {
    await this.#send(LOG_ROUTES.lines, batch);
  }

  async #send(path: string, body: object): Promise<string> {
    const { url, key } = this.#options;
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    try {
      const { status, text } = await sendHttp({ url, path, headers, body: JSON.stringify(body) });
      if (status < 300) return text;
      throw refusalOf(text, status);
    } catch (error) {
      if (error instanceof LogServerError) throw error;
      throw new LogServerError("StoreAway", `Cannot reach the log server at ${url}: ${messageOf(error)}`, {
        hint: "It is starting, or away: lines wait in the nodes' log files",
        cause: error,
      });
    }
  }
}

function refusalOf(text: string, status: number): LogServerError {
  try {
    const { code, message, hint } = JSON.parse(text) as { code: string; message: string; hint?: string };
    const known: LogServerErrorCode =
      code in STORE_ERROR_CODES ? (code as LogServerErrorCode) : "StoreFailed";
    return new LogServerError(known, message, hint === undefined ? {} : { hint });
  } catch {
    return new LogServerError("StoreFailed", `Cannot give lines to the log server: HTTP ${status}`);
  }
}
