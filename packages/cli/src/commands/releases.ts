import type {
  Accepted,
  DeployResult,
  ListOf,
  ReleaseChange,
  ReleaseDiff,
  ReleaseView,
} from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { age, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";
import { followAlone } from "./follow.ts";

const COLUMNS = [
  ["RELEASE", ({ number }: ReleaseView) => `v${number}`],
  ["CURRENT", ({ current }: ReleaseView) => (current ? "*" : "")],
  [
    "REASON",
    ({ reason, intact }: ReleaseView) => (intact ? reason : `${reason ?? ""} (changed after it was made)`),
  ],
  ["BY", ({ createdBy }: ReleaseView) => createdBy],
  ["IMAGE", ({ image }: ReleaseView) => shortImage(image)],
  ["AGE", ({ createdAt }: ReleaseView) => age(createdAt)],
] as const;

/** Digests are told apart by their first twelve digits. */
export function shortImage(image: string): string {
  return image.replace(/@sha256:([0-9a-f]{12})[0-9a-f]{52}$/, "@$1");
}

export const list = {
  async run(input: Input, context: CommandContext): Promise<ReleaseView[]> {
    return (
      await (
        await context.platform()
      ).call<ListOf<ReleaseView>>("GET", "releases", { params: scopeOf(input) })
    ).items;
  },
  present: (releases: ReleaseView[]): Table =>
    tableOf(releases, COLUMNS, "There is no release yet. Deploy a source: jdos deploy PATH"),
};

const DIFF_COLUMNS = [
  ["WHAT", ({ path }: ReleaseChange) => path],
  ["FROM", ({ from }: ReleaseChange) => from && shortImage(from)],
  ["TO", ({ to }: ReleaseChange) => to && shortImage(to)],
] as const;

export const diff = {
  async run(input: Input, context: CommandContext): Promise<ReleaseDiff> {
    const [first, second] = input.arguments;
    const [from, to] = second === undefined ? [undefined, first] : [first, second];
    const query = { from: from && readVersion(from), to: to && readVersion(to) };
    return (await context.platform()).call("GET", "releasesDiff", { params: scopeOf(input), query });
  },
  present: ({ from, to, changes }: ReleaseDiff): Table =>
    tableOf(changes, DIFF_COLUMNS, `Releases ${from} and ${to} differ in nothing`),
};

export const rollback = {
  async run(input: Input, context: CommandContext): Promise<Accepted | DeployResult> {
    const version = input.arguments[0];
    const body = {
      ...(version === undefined ? {} : { release: readVersion(version) }),
      ...(input.options.force === true ? { force: true } : {}),
    };
    const accepted = await (await context.platform()).call<Accepted>("POST", "rollback", {
      params: scopeOf(input),
      body,
    });
    return input.options.wait === false ? accepted : followAlone(input, context, accepted);
  },
  present: (result: Accepted | DeployResult): string =>
    "url" in result
      ? `Release ${result.release} of ${result.system}/${result.application} is ready, with the image, variables and routes of the one returned to\n${result.url}`
      : `${result.system}/${result.application} is being rolled back`,
};

/** "2", "v2" or "hello-v2" */
export function readVersion(text: string): number {
  const digits = /^(?:.*-)?v?(\d+)$/.exec(text)?.[1];
  if (digits === undefined || Number(digits) < 1)
    throw usage(
      `Cannot tell which release is meant: "${text}" is not one`,
      "jdos releases shows the numbers",
    );
  return Number(digits);
}
