import type { ListOf, SystemView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { CliError } from "../errors.ts";
import { age, type Table, tableOf } from "../output/table.ts";
import type { PlatformClient } from "../platform/platform-client.ts";
import { pollUntil } from "./poll.ts";

const COLUMNS = [
  ["NAME", ({ name }: SystemView) => name],
  ["STATE", ({ state }: SystemView) => state],
  ["APPLICATIONS", ({ applications }: SystemView) => applications],
  ["DISPLAY NAME", ({ displayName }: SystemView) => displayName],
  ["AGE", ({ createdAt }: SystemView) => age(createdAt)],
] as const;

function read(client: PlatformClient, system: string): Promise<SystemView> {
  return client.call("GET", "system", { params: { system } });
}

const view = (system: SystemView): Table => tableOf([system], COLUMNS);

export const create = {
  /** Returns when applications can be put into it. */
  async run({ arguments: [name = ""], options }: Input, context: CommandContext): Promise<SystemView> {
    const client = await context.platform();
    const { displayName, department, ...others } = options;
    const quota = Object.fromEntries(
      (["cpu", "memory", "pods"] as const).flatMap((resource) =>
        others[resource] === undefined ? [] : [[resource, others[resource]]],
      ),
    );
    const body = { name, displayName, department, ...(Object.keys(quota).length === 0 ? {} : { quota }) };
    const created = await client.call<SystemView>("POST", "systems", { body });
    const ready = await pollUntil(
      () => read(client, name),
      (system) => system.state === "Ready",
      context,
    );
    if (ready !== undefined) return ready;
    const last = await read(client, name);
    throw new CliError("NotReady", `System "${created.name}" is not ready: ${last.message ?? last.state}`, {
      hint: `See it: jdos system get ${name}`,
    });
  },
  present: view,
};

export const list = {
  async run(_input: Input, context: CommandContext): Promise<SystemView[]> {
    return (await (await context.platform()).call<ListOf<SystemView>>("GET", "systems")).items;
  },
  present: (systems: SystemView[]): Table =>
    tableOf(systems, COLUMNS, "There is no system yet. Create one: jdos system create NAME"),
};

export const get = {
  async run({ arguments: [name = ""] }: Input, context: CommandContext): Promise<SystemView> {
    return read(await context.platform(), name);
  },
  present: view,
};

export const remove = {
  /** Returns when everything in it is gone. */
  async run({ arguments: [name = ""] }: Input, context: CommandContext): Promise<SystemView> {
    const client = await context.platform();
    const deleted = await client.call<SystemView>("DELETE", "system", { params: { system: name } });
    const gone = await pollUntil(
      () => isGone(() => read(client, name)),
      (done) => done,
      context,
    );
    if (gone !== undefined) return deleted;
    throw new CliError("NotReady", `System "${name}" is still being deleted`, {
      hint: `See what remains: kubectl get all -n ${name}`,
    });
  },
  present: ({ name }: SystemView): string => `System ${name} is deleted`,
};

export async function isGone(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return false;
  } catch (error) {
    if (error instanceof CliError && error.code === "NotFound") return true;
    throw error;
  }
}
