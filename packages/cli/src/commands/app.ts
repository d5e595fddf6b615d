import type { ApplicationView, ListOf } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { CliError } from "../errors.ts";
import { age, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";
import { pollUntil } from "./poll.ts";
import { isGone } from "./system.ts";

const COLUMNS = [
  ["SYSTEM", ({ system }: ApplicationView) => system],
  ["NAME", ({ name }: ApplicationView) => name],
  ["STATE", ({ state }: ApplicationView) => state],
  ["READY", ({ readyReplicas, replicas }: ApplicationView) => `${readyReplicas}/${replicas}`],
  ["RELEASE", ({ release }: ApplicationView) => release],
  ["URL", ({ url }: ApplicationView) => url],
  ["AGE", ({ createdAt }: ApplicationView) => age(createdAt)],
] as const;

/** With --system those of one system, else all that the person may see. */
export const list = {
  async run({ options }: Input, context: CommandContext): Promise<ApplicationView[]> {
    const client = await context.platform();
    const system = options.system;
    const answer =
      typeof system === "string"
        ? await client.call<ListOf<ApplicationView>>("GET", "applications", { params: { system } })
        : await client.call<ListOf<ApplicationView>>("GET", "allApplications");
    return answer.items;
  },
  present: (applications: ApplicationView[]): Table =>
    tableOf(
      applications,
      COLUMNS,
      "There is no application yet. Deploy one: jdos deploy PATH --system S --app A",
    ),
};

/** "v5 Paused 10%", of a release that is being tried or was left. */
const ROLLOUT = [
  "ROLLOUT",
  ({ rollout }: ApplicationView) =>
    rollout === undefined || rollout.phase === "Complete"
      ? undefined
      : `v${rollout.release} ${rollout.phase} ${rollout.weight}%`,
] as const;

export const get = {
  async run(input: Input, context: CommandContext): Promise<ApplicationView> {
    return (await context.platform()).call("GET", "application", { params: scopeOf(input) });
  },
  present: (application: ApplicationView): Table => tableOf([application], [...COLUMNS, ROLLOUT]),
};

export const remove = {
  async run(input: Input, context: CommandContext): Promise<ApplicationView> {
    const client = await context.platform();
    const params = scopeOf(input);
    const deleted = await client.call<ApplicationView>("DELETE", "application", { params });
    const gone = await pollUntil(
      () => isGone(() => client.call("GET", "application", { params })),
      (done) => done,
      context,
    );
    if (gone !== undefined) return deleted;
    throw new CliError("NotReady", `Application "${input.app}" is still being deleted`, {
      hint: `See it: jdos app get --system ${input.system} --app ${input.app}`,
    });
  },
  present: ({ system, name }: ApplicationView): string => `Application ${system}/${name} is deleted`,
};
