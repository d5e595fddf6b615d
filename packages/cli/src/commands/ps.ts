import type { ListOf, PodView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { age, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";

export async function run(input: Input, context: CommandContext): Promise<PodView[]> {
  return (await (await context.platform()).call<ListOf<PodView>>("GET", "pods", { params: scopeOf(input) }))
    .items;
}

const COLUMNS = [
  ["POD", ({ name }: PodView) => name],
  ["STATUS", ({ status }: PodView) => status],
  ["READY", ({ ready }: PodView) => (ready ? "yes" : "no")],
  ["RESTARTS", ({ restarts }: PodView) => restarts],
  ["RELEASE", ({ release }: PodView) => release],
  ["ADDRESS", ({ ip }: PodView) => ip],
  ["NODE", ({ node }: PodView) => node],
  ["AGE", ({ createdAt }: PodView) => age(createdAt)],
] as const;

export function present(pods: PodView[]): Table {
  return tableOf(pods, COLUMNS, "There is no Pod. See why: jdos why");
}
