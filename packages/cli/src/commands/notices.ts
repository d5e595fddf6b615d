import type { ListOf, NoticeView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { age, type Table, tableOf } from "../output/table.ts";
import { readSecretKey } from "./secrets.ts";

const COLUMNS = [
  ["NAME", ({ name }: NoticeView) => name],
  [
    "ADDRESS",
    ({ address, urlSecret }: NoticeView) =>
      address ?? (urlSecret && `(secret ${urlSecret.name}/${urlSecret.key})`),
  ],
  ["EVENTS", ({ events }: NoticeView) => events?.join(", ") ?? "all"],
  ["SIGNED", ({ secret }: NoticeView) => (secret === undefined ? "no" : "yes")],
  ["LAST", ({ status }: NoticeView) => status?.deliveredTime && age(status.deliveredTime)],
  ["TROUBLE", ({ status }: NoticeView) => status?.message],
] as const;

const view = (notice: NoticeView): Table => tableOf([notice], COLUMNS);

export const add = {
  async run(
    { arguments: [name = ""], options, system }: Input,
    context: CommandContext,
  ): Promise<NoticeView> {
    const { url, urlSecret, secret, events } = options;
    const keyOf = (given: unknown) => (given === undefined ? undefined : readSecretKey(String(given)));
    const body = {
      ...{ name, url, urlSecret: keyOf(urlSecret), secret: keyOf(secret) },
      events: events === undefined ? undefined : String(events).split(","),
    };
    return (await context.platform()).call("POST", "notices", { params: { system }, body });
  },
  present: view,
};

export const list = {
  async run({ system }: Input, context: CommandContext): Promise<NoticeView[]> {
    return (
      await (await context.platform()).call<ListOf<NoticeView>>("GET", "notices", { params: { system } })
    ).items;
  },
  present: (notices: NoticeView[]): Table =>
    tableOf(notices, COLUMNS, "Nobody is told of builds and releases"),
};

export const remove = {
  async run({ arguments: [notice = ""], system }: Input, context: CommandContext): Promise<NoticeView> {
    return (await context.platform()).call("DELETE", "notice", { params: { system, notice } });
  },
  present: ({ name }: NoticeView): string => `Notice ${name} is deleted`,
};
