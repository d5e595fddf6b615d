import type { ListOf, PreviewView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { age, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";

const COLUMNS = [
  ["PULL REQUEST", ({ pullRequest }: PreviewView) => pullRequest],
  ["NAME", ({ name }: PreviewView) => name],
  ["STATE", ({ state }: PreviewView) => state],
  ["REVISION", ({ revision }: PreviewView) => revision?.slice(0, 12)],
  ["CHANGED", ({ changedAt }: PreviewView) => age(changedAt)],
  ["EXPIRES", ({ expiresAt }: PreviewView) => expiresAt.slice(0, 16)],
  ["URL", ({ url }: PreviewView) => url],
] as const;

export const list = {
  async run(input: Input, context: CommandContext): Promise<PreviewView[]> {
    const client = await context.platform();
    return (await client.call<ListOf<PreviewView>>("GET", "previews", { params: scopeOf(input) })).items;
  },
  present: (previews: PreviewView[]): Table =>
    tableOf(
      previews,
      COLUMNS,
      "There is no preview. Pull requests get one by a webhook: jdos hooks create --previews",
    ),
};

export const remove = {
  async run(input: Input, context: CommandContext): Promise<PreviewView> {
    const given = input.arguments[0] ?? "";
    const number = Number(/^(?:.*-pr-|#)?(\d+)$/.exec(given)?.[1] ?? Number.NaN);
    if (!Number.isSafeInteger(number) || number < 1)
      throw usage(`Cannot delete the preview "${given}": it is not the number of a pull request`);
    return (await context.platform()).call("DELETE", "preview", { params: { ...scopeOf(input), number } });
  },
  present: ({ name, pullRequest }: PreviewView): string =>
    `Preview ${name} goes away; the next commit of pull request ${pullRequest} brings it back`,
};
