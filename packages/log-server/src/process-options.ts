import { type SettingValues, setting } from "@jdos/component-base";
import { readAccessFiles } from "@jdos/component-base/access-files";
import type { LogServerOptions, StoreOptions } from "./options.ts";
import { requiredKey } from "./required.ts";

/** Options of the log server's process. */
export const PROCESS_SETTINGS = {
  "listen-address": setting.address("for collectors and the platform API, as HOST:PORT", "0.0.0.0:8080"),
  "write-key-file": setting.text("the key that gives lines; needed"),
  "read-key-file": setting.text("the key that asks for lines; needed"),
  "data-directory": setting.text("where lines are kept, one process a directory", "/var/lib/jdos/logs"),
  "limit-bytes": setting.integer("what kept lines may take; the oldest go first", {
    fallback: 2 * 1024 ** 3,
    min: 64 * 1024 ** 2,
  }),
  days: setting.integer("older lines go", { fallback: 7, min: 1 }),
  "clickhouse-url": setting.text("a ClickHouse in place of the directory: http://HOST:8123"),
  "clickhouse-database": setting.text("of that ClickHouse", "default"),
  "clickhouse-access": setting.text("directory with username and password, and ca.crt, each may be missing"),
};

type Given = SettingValues<typeof PROCESS_SETTINGS>;

/** The options that a process was given. @throws LogServerError InvalidOption */
export function optionsOf(given: Given): Pick<LogServerOptions, "store" | "listen" | "keys"> {
  return {
    listen: given["listen-address"],
    keys: {
      write: requiredKey("write-key-file", given),
      read: requiredKey("read-key-file", given),
    },
    store: storeOf(given),
  };
}

function storeOf(given: Given): StoreOptions {
  const bounds = { retentionDays: given.days, diskBytes: given["limit-bytes"] };
  const url = given["clickhouse-url"];
  if (url === undefined) return { ...bounds, provider: "jdos", directory: given["data-directory"] };
  const access = given["clickhouse-access"];
  const { username, password, "ca.crt": ca } = access === undefined ? {} : readAccessFiles(access);
  return {
    ...bounds,
    provider: "clickhouse",
    clickhouse: { url, database: given["clickhouse-database"], user: username, password, ca },
  };
}
