import type { Accepted, DeployResult, EnvRequest, EnvView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";
import { followAlone, waitingSentence } from "./follow.ts";
import { readSecretKey } from "./secrets.ts";

type Changed = Accepted | DeployResult;

async function change(input: Input, context: CommandContext, body: EnvRequest): Promise<Changed> {
  const accepted = await (await context.platform()).call<Accepted>("PATCH", "env", {
    params: scopeOf(input),
    body,
  });
  return !accepted.changed || input.options.wait === false || !(await hasRelease(input, context))
    ? accepted
    : followAlone(input, context, accepted);
}

/** Before the first deploy there is nothing to roll out. */
async function hasRelease(input: Input, context: CommandContext): Promise<boolean> {
  const { spec } = await (await context.platform()).call<{ spec: { release?: number } }>(
    "GET",
    "application",
    { params: scopeOf(input) },
  );
  return spec.release !== undefined;
}

function said(result: Changed): string {
  const name = `${result.system}/${result.application}`;
  if ("rollout" in result) return waitingSentence(result);
  if ("url" in result) return `Release ${result.release} of ${name} is ready with the new configuration`;
  return result.changed ? `${name} is configured` : `${name} is as it was: nothing changes`;
}

export const set = {
  async run(input: Input, context: CommandContext): Promise<Changed> {
    const { secret, force } = input.options;
    const forced = force === true ? { force } : {};
    if (secret === undefined)
      return change(input, context, { set: Object.fromEntries(input.arguments.map(readPair)), ...forced });
    const [name = "", ...others] = input.arguments;
    if (others.length > 0 || name.includes("="))
      throw usage(
        "Cannot set variables: --secret is of one variable without a value",
        "jdos env set NAME --secret SECRET/KEY",
      );
    return change(input, context, { secrets: { [name]: readSecretKey(String(secret)) }, ...forced });
  },
  present: said,
};

export const unset = {
  async run(input: Input, context: CommandContext): Promise<Changed> {
    return change(input, context, {
      unset: [...input.arguments],
      ...(input.options.force === true ? { force: true } : {}),
    });
  },
  present: said,
};

export const list = {
  async run(input: Input, context: CommandContext): Promise<EnvView["items"]> {
    return (await (await context.platform()).call<EnvView>("GET", "env", { params: scopeOf(input) })).items;
  },
  present: (items: EnvView["items"]): Table =>
    tableOf(
      items,
      [
        ["NAME", ({ name }) => name],
        [
          "VALUE",
          ({ value, secret }) =>
            value ?? (secret === undefined ? "" : `(Secret ${secret.name}, key ${secret.key})`),
        ],
      ],
      "No variable is set. Set one: jdos env set NAME=VALUE",
    ),
};

/** "NAME=VALUE"; the value may contain further equal signs. */
export function readPair(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at <= 0)
    throw usage(
      `Cannot set a variable: "${text}" is not NAME=VALUE`,
      "jdos env set NAME=VALUE ... --system S --app A",
    );
  return [text.slice(0, at), text.slice(at + 1)];
}
