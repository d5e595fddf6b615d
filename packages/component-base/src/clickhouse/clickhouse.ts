import { rootCertificates } from "node:tls";
import { type HttpAnswer, sendHttp } from "../send-http.ts";
import { ClickHouseError } from "./errors.ts";

export interface ClickHouseAccess {
  /** http://HOST:8123 or https://HOST:8443 */
  url: string;
  /** Defaults to ClickHouse's own "default". */
  database?: string | undefined;
  user?: string | undefined;
  password?: string | undefined;
  /** PEM of the authority of its certificate, trusted beside those Node knows. */
  ca?: string | undefined;
}

/** A POST to the server's root. */
export interface ClickHouseRequest {
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type ClickHouseSend = (request: ClickHouseRequest) => Promise<HttpAnswer>;

/** The oldest that the tests have seen keep logs. */
const OLDEST = [18, 16] as const;

/** Unknown user, wrong password, password needed, authentication failed. Source: ClickHouse, src/Common/ErrorCodes.cpp. */
const AUTHENTICATION: ReadonlySet<string> = new Set(["192", "193", "194", "516"]);

/**
 * Speaks ClickHouse's HTTP interface: POST /?database=D&query=Q with the rest of the statement or its data as body, the
 * account in X-ClickHouse-User and X-ClickHouse-Key. Source: ClickHouse documentation, HTTP Interface.
 */
export class ClickHouse {
  readonly #access: ClickHouseAccess;
  readonly #send: ClickHouseSend;

  /** `send`: another way than its address, such as through a proxy. */
  constructor(access: ClickHouseAccess, send: ClickHouseSend = sendTo(access)) {
    this.#access = access;
    this.#send = send;
  }

  /** Runs one statement; its answer as text. @throws ClickHouseError */
  async run(statement: string, body = "", settings: Readonly<Record<string, string>> = {}): Promise<string> {
    const { database, user, password, url } = this.#access;
    const request = {
      query: {
        ...(database === undefined ? {} : { database }),
        ...settings,
        ...(body === "" ? {} : { query: statement }),
      },
      headers: {
        "content-type": "text/plain; charset=utf-8",
        ...(user === undefined ? {} : { "x-clickhouse-user": user }),
        ...(password === undefined ? {} : { "x-clickhouse-key": password }),
      },
      body: body === "" ? statement : body,
    };
    const answer = await this.#send(request).catch((cause: Error) => {
      throw new ClickHouseError("ClickHouseUnreachable", { url, state: cause.message }, cause);
    });
    if (answer.status === 200 && answer.headers["x-clickhouse-exception-code"] === undefined)
      return answer.text;
    throw this.#refusal(answer);
  }

  /** The rows of a SELECT, each as JSONEachRow writes it; 64-bit numbers are texts. */
  async rows<T>(statement: string): Promise<T[]> {
    const text = await this.run(`${statement} FORMAT JSONEachRow`, "", {
      output_format_json_quote_64bit_integers: "1",
    });
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as T);
  }

  /** Whether it is one that is new enough, lets the account into the database, and lets it write. @throws ClickHouseError */
  async check(): Promise<void> {
    const { url, user = "default" } = this.#access;
    const version = (await this.run("SELECT version()")).trim();
    const [, major, minor] = /^(\d+)\.(\d+)\.[\d.]+\S*$/.exec(version) ?? [];
    if (major === undefined)
      throw new ClickHouseError("NotClickHouse", { url, state: "it is none: it tells no version" });
    if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]))
      throw new ClickHouseError("ClickHouseTooOld", {
        url,
        state: `it is version ${version}, and ${OLDEST.join(".")} is the oldest that keeps logs`,
      });
    const readonly = await this.run("SELECT value FROM system.settings WHERE name = 'readonly'");
    if (readonly.trim() !== "0")
      throw new ClickHouseError("ClickHouseRefused", { url, state: `user "${user}" may only read` });
  }

  #refusal({ status, headers, text }: HttpAnswer): ClickHouseError {
    const { url, user = "default" } = this.#access;
    const said = text.trim().split("\n")[0]!.slice(0, 400);
    const code = /^Code: (\d+)/.exec(said)?.[1];
    if (code === undefined ? status === 401 || status === 403 : AUTHENTICATION.has(code))
      return new ClickHouseError(
        "ClickHouseUnauthorized",
        { url, state: `it does not take user "${user}"` },
        new Error(said),
      );
    const isItself =
      code !== undefined || Object.keys(headers).some((name) => name.startsWith("x-clickhouse"));
    return isItself
      ? new ClickHouseError("ClickHouseRefused", { url, state: said })
      : new ClickHouseError("NotClickHouse", { url, state: `it is none (HTTP ${status})` });
  }
}

function sendTo({ url, ca }: ClickHouseAccess): ClickHouseSend {
  return ({ query, headers, body }) =>
    sendHttp({
      url,
      path: `/?${new URLSearchParams(query)}`,
      headers,
      body,
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca].join("\n") }),
    });
}

/** A string literal of its SQL. Source: ClickHouse documentation, Syntax, string literals. */
export function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&").replaceAll("\0", "\\0")}'`;
}
