import type { Client } from "@jdos/client";
import type { AccessFiles } from "@jdos/component-base/access-files";
import { ClickHouse, ClickHouseError, type ClickHouseSend } from "@jdos/component-base/clickhouse";
import { CliError } from "../../errors.ts";
import type { Values } from "../values.ts";
import { type Service, serviceOf, throughApiServer, unaskable } from "./service.ts";

/**
 * Whether the ClickHouse that the values name is one, new enough, and lets the account write. A Service of the cluster is
 * asked through the API server; of one that cannot be it answers a sentence that says so.
 * @throws CliError ClickHouseUnreachable, ClickHouseUnauthorized, ClickHouseTooOld, ClickHouseRefused, NotClickHouse
 */
export async function checkLogs(
  client: Client,
  { provider, url, database }: Values["logs"],
  { username: user, password, "ca.crt": ca }: AccessFiles,
): Promise<string | undefined> {
  if (provider !== "clickhouse") return undefined;
  const service = serviceOf(url);
  const why = service && (await unaskable(client, service));
  if (why !== undefined) return `ClickHouse at ${url} was not asked whether it takes logs: ${why}`;
  const access = { url, database, user, password, ca };
  try {
    await new ClickHouse(access, service && sendThrough(client, service)).check();
    return undefined;
  } catch (error) {
    if (!(error instanceof ClickHouseError)) throw error;
    throw new CliError(error.code, `${error.message} (logs.url)`, { hint: error.hint, cause: error });
  }
}

function sendThrough(client: Client, service: Service): ClickHouseSend {
  const isAnswer = ({ code, message }: { code: number; message: string }): boolean =>
    code === 401 || code === 403 || message.startsWith("Code: ");
  return (request) =>
    throughApiServer({ client, service, isAnswer }, { ...request, method: "POST", path: "/" });
}
