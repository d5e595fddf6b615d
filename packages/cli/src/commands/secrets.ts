import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { ListOf, SecretRequest, SecretView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { age, type Table, tableOf } from "../output/table.ts";

const COLUMNS = [
  ["NAME", ({ name }: SecretView) => name],
  ["KEYS", ({ keys }: SecretView) => keys.join(", ")],
  ["USED BY", ({ usedBy }: SecretView) => usedBy.join(", ")],
  ["AGE", ({ createdAt }: SecretView) => age(createdAt)],
] as const;

export const list = {
  async run({ system }: Input, context: CommandContext): Promise<SecretView[]> {
    return (
      await (await context.platform()).call<ListOf<SecretView>>("GET", "secrets", { params: { system } })
    ).items;
  },
  present: (secrets: SecretView[]): Table =>
    tableOf(secrets, COLUMNS, "There is no secret yet. Make one: jdos secrets set NAME KEY=VALUE"),
};

export const set = {
  async run({ arguments: [secret = "", ...pairs], options, system }: Input, context: CommandContext) {
    const files = options.fromFile === undefined ? [] : [String(options.fromFile)];
    const values = [
      ...pairs.map((pair) => readPair(pair, (value) => Buffer.from(value))),
      ...files.map((pair) => readPair(pair, (path) => readFile(path))),
      ...(options.stdin === undefined ? [] : [readPair(`${options.stdin}=`, () => buffer(context.stdin))]),
    ];
    const unset = options.unset === undefined ? [] : String(options.unset).split(",");
    if (values.length + unset.length === 0)
      throw usage(
        "Cannot set a secret: it has no key",
        "Give KEY=VALUE, --from-file KEY=PATH, or --stdin KEY with the value on standard input",
      );
    const body: SecretRequest = { set: Object.fromEntries(await Promise.all(values)), unset };
    return (await context.platform()).call<SecretView>("PUT", "secret", { params: { system, secret }, body });
  },
  present: ({ name, keys, usedBy }: SecretView): string =>
    usedBy.length === 0
      ? `Secret ${name} has ${keys.join(", ")}\nUse it: jdos env set VARIABLE --secret ${name}/${keys[0] ?? "KEY"}`
      : `Secret ${name} has ${keys.join(", ")}\nPods of ${usedBy.join(", ")} that run keep the values they began with: the next release takes the new ones`,
};

export const remove = {
  async run({ arguments: [secret = ""], system }: Input, context: CommandContext): Promise<SecretView> {
    return (await context.platform()).call("DELETE", "secret", { params: { system, secret } });
  },
  present: ({ name }: SecretView): string => `Secret ${name} is deleted`,
};

/** The text is not repeated in the refusal: it may be the value. */
async function readPair(
  text: string,
  read: (value: string) => Buffer | Promise<Buffer>,
): Promise<[string, string]> {
  const at = text.indexOf("=");
  if (at <= 0)
    throw usage(
      "Cannot set a secret: what is given is not KEY=VALUE",
      "jdos secrets set NAME KEY=VALUE --system S",
    );
  return [text.slice(0, at), (await read(text.slice(at + 1))).toString("base64")];
}

/** "NAME/KEY" */
export function readSecretKey(text: string): { name: string; key: string } {
  const [name = "", key = "", ...rest] = text.split("/");
  if (name === "" || key === "" || rest.length > 0)
    throw usage(
      `Cannot read "${text}": it is not NAME/KEY of a secret`,
      "jdos secrets list shows names and keys",
    );
  return { name, key };
}
