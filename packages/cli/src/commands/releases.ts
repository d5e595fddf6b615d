import type { Accepted, DeployResult, ListOf, ReleaseView } from "@jdos/api/platform-api";
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

export const rollback = {
  async run(input: Input, context: CommandContext): Promise<Accepted | DeployResult> {
    const version = input.arguments[0];
    const body = version === undefined ? {} : { release: readVersion(version) };
    const accepted = await (await context.platform()).call<Accepted>("POST", "rollback", {
      params: scopeOf(input),
      body,
    });
    return input.options.wait === false ? accepted : followAlone(input, context, accepted);
  },
  present: (result: Accepted | DeployResult): string =>
    "url" in result
      ? `Release ${result.release} of ${result.system}/${result.application} is ready\n${result.url}`
      : `${result.system}/${result.application} is being rolled back`,
};

/** "2", "v2" or "hello-v2" */
function readVersion(text: string): number {
  const digits = /^(?:.*-)?v?(\d+)$/.exec(text)?.[1];
  if (digits === undefined || Number(digits) < 1)
    throw usage(`Cannot roll back: "${text}" is not a release`, "jdos releases shows the numbers");
  return Number(digits);
}
