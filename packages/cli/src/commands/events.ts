import type { EventView, ListOf } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { age, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";

export async function run(input: Input, context: CommandContext): Promise<EventView[]> {
  return (
    await (await context.platform()).call<ListOf<EventView>>("GET", "events", { params: scopeOf(input) })
  ).items;
}

const COLUMNS = [
  ["AGE", ({ time }: EventView) => age(time)],
  ["TYPE", ({ type }: EventView) => type],
  ["REASON", ({ reason }: EventView) => reason],
  ["OBJECT", ({ object }: EventView) => object],
  ["COUNT", ({ count }: EventView) => count],
  ["MESSAGE", ({ message }: EventView) => message],
] as const;

export function present(events: EventView[]): Table {
  return tableOf(events, COLUMNS, "No event is recorded.");
}
