import type { ApplicationView, CreateApplicationRequest, ListOf } from "@jdos/api/platform-api";
import { dataPaths } from "@jdos/component-base/data-directory";
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
  present: (application: ApplicationView): Table =>
    tableOf(
      [application],
      [
        ...COLUMNS,
        ROLLOUT,
        ...(application.newerBase === undefined ? [] : [["BASE", () => application.newerBase] as const]),
      ],
    ),
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

/** An application and how git reaches it. */
interface WithRemote extends ApplicationView {
  remote: string;
  /** What git asks for. */
  login: { username: string; password: string };
}

export const create = {
  async run(input: Input, context: CommandContext): Promise<ApplicationView | WithRemote> {
    const { replicas, branches, path } = input.options;
    const triggers = {
      ...(branches === undefined ? {} : { branches: String(branches).split(",") }),
      ...(path === undefined ? {} : { path: String(path).replace(/\/+$/, "") }),
    };
    const body: CreateApplicationRequest = {
      ...(replicas === undefined ? {} : { replicas: Number(replicas) }),
      ...(Object.keys(triggers).length === 0 ? {} : { triggers }),
    };
    const params = { system: input.system, app: input.arguments[0] ?? "" };
    const client = await context.platform();
    const view = await client.call<ApplicationView>("POST", "application", { params, body });
    return withLogin(view, context);
  },
  present(view: ApplicationView | WithRemote): string {
    const made = `Application ${view.system}/${view.name} is made; it has no source yet`;
    if (!("login" in view))
      return `${made}\nDeploy one: jdos deploy PATH --system ${view.system} --app ${view.name}`;
    return `${made}\n${pushing(view)}`;
  },
};

export const remote = {
  async run(input: Input, context: CommandContext): Promise<WithRemote> {
    const view = await (await context.platform()).call<ApplicationView>("GET", "application", {
      params: scopeOf(input),
    });
    const found = withLogin(view, context);
    if ("login" in found) return found;
    throw new CliError("NoGitServer", "Cannot tell where to push: this platform has no git server", {
      hint: "Deploy a directory: jdos deploy PATH; on a cluster the setting source.provider makes one",
    });
  },
  present: (view: WithRemote): string => pushing(view),
};

function withLogin(
  view: ApplicationView,
  { cluster, dataDir, environment }: CommandContext,
): ApplicationView | WithRemote {
  if (view.remote === undefined) return view;
  const password =
    environment.token !== undefined
      ? "the token in JDOS_TOKEN"
      : cluster === undefined
        ? `the token in ${dataPaths(dataDir).platformToken}`
        : "the token of your kubeconfig, or the administrator's in Secret jdos-system/platform-api-admin";
  return { ...view, remote: view.remote, login: { username: "any", password } };
}

function pushing({ remote, login }: WithRemote): string {
  return [
    "",
    `  git remote add jdos ${remote}`,
    "  git push jdos main",
    "",
    `git asks for a login: any user name; the password is ${login.password}`,
  ].join("\n");
}
