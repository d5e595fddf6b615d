import type { FreezeView, ListOf } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { type Table, tableOf } from "../output/table.ts";

const COLUMNS = [
  ["NAME", ({ name }: FreezeView) => name],
  ["WHEN", (window: FreezeView) => when(window)],
  ["NOW", ({ until }: FreezeView) => (until === undefined ? "" : `frozen until ${until}`)],
  ["REASON", ({ reason }: FreezeView) => reason],
] as const;

function when({ from, to, days, hours, timeZone }: FreezeView): string {
  if (from !== undefined) return `${from} to ${to}`;
  return `${days?.join(",") ?? "daily"} ${hours ?? "all day"} ${timeZone ?? "UTC"}`;
}

const view = (window: FreezeView): Table => tableOf([window], COLUMNS);

export const add = {
  async run(
    { arguments: [name = ""], options, system }: Input,
    context: CommandContext,
  ): Promise<FreezeView> {
    const { from, to, days, hours, timeZone, reason } = options;
    const body = {
      ...{ name, from, to, hours, timeZone, reason },
      days: days === undefined ? undefined : String(days).split(","),
    };
    return (await context.platform()).call("POST", "freezes", { params: { system }, body });
  },
  present: view,
};

export const list = {
  async run({ system }: Input, context: CommandContext): Promise<FreezeView[]> {
    return (
      await (await context.platform()).call<ListOf<FreezeView>>("GET", "freezes", { params: { system } })
    ).items;
  },
  present: (windows: FreezeView[]): Table => tableOf(windows, COLUMNS, "There is no freeze window"),
};

export const remove = {
  async run({ arguments: [freeze = ""], system }: Input, context: CommandContext): Promise<FreezeView> {
    return (await context.platform()).call("DELETE", "freeze", { params: { system, freeze } });
  },
  present: ({ name }: FreezeView): string =>
    `Freeze window ${name} is deleted: what waited for its end goes on`,
};
