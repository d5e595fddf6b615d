import type { ImageView, ListOf } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { CliError } from "../errors.ts";
import { age, bytesText, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";
import { pollUntil } from "./poll.ts";

/** More Pods than this need not be told one by one. */
const MAX_NEEDS = 3;

const COLUMNS = [
  ["APP", ({ application }: ImageView) => application],
  ["IMAGE", ({ digest }: ImageView) => digest.slice(7, 19)],
  ["SIZE", ({ sizeBytes }: ImageView) => bytesText(sizeBytes)],
  ["SHARED", ({ sharedBytes }: ImageView) => bytesText(sharedBytes)],
  ["BUILD", ({ build }: ImageView) => build],
  ["KEPT", ({ keep }: ImageView) => (keep === "none" ? "-" : keep)],
  ["BASE", (image: ImageView) => baseOf(image)],
  ["WHY", (image: ImageView) => whyOf(image)],
] as const;

function baseOf({ base, newerBase }: ImageView): string | undefined {
  const name = base?.image
    .split("/")
    .at(-1)
    ?.replace(/@sha256:.*/, "");
  return name === undefined
    ? undefined
    : `${name}${newerBase === undefined ? "" : " (there is a newer one)"}`;
}

function whyOf({ keep, neededBy, goesAt, deleting, missing, newerBase }: ImageView): string {
  if (missing === true) return `the registry does not have it any more; ${neededBy[0] ?? ""}`;
  if (deleting === true) return "it is being deleted";
  if (keep === "none")
    return goesAt === undefined
      ? "nothing needs it: it goes"
      : `nothing needs it: it goes in ${inTime(goesAt)}`;
  const more = neededBy.length - MAX_NEEDS;
  const said = [...neededBy.slice(0, MAX_NEEDS), ...(more > 0 ? [`${more} more`] : [])].join(", ");
  return newerBase === undefined ? said : `${said}. ${newerBase}`;
}

/** "43m" */
function inTime(time: string): string {
  const now = Date.now();
  return age(new Date(2 * now - Math.max(now, Date.parse(time))).toISOString(), new Date(now));
}

async function read(input: Input, context: CommandContext): Promise<ImageView[]> {
  const { system } = input;
  const app = input.app === "" ? input.options.app : input.app;
  const client = await context.platform();
  const answer =
    typeof app === "string"
      ? await client.call<ListOf<ImageView>>("GET", "images", { params: { system, app } })
      : await client.call<ListOf<ImageView>>("GET", "systemImages", { params: { system } });
  return answer.items;
}

export const list = {
  run: read,
  present: (images: ImageView[]): Table =>
    tableOf(images, COLUMNS, "The registry keeps no image. Deploy a source: jdos deploy PATH"),
};

/** Resolves when it is gone. */
export const remove = {
  async run(input: Input, context: CommandContext): Promise<ImageView> {
    const digest = input.arguments[0] ?? "";
    const client = await context.platform();
    const image = await client.call<ImageView>("DELETE", "image", { params: { ...scopeOf(input), digest } });
    const find = async () => (await read(input, context)).find((each) => each.digest === image.digest);
    const end = await pollUntil(find, (found) => found?.deleting !== true, context);
    if (end === undefined && (await find()) === undefined) return image;
    throw new CliError("NotReady", `Image ${image.digest} is not deleted${end === undefined ? " yet" : ""}`, {
      hint: `See why: jdos events --system ${input.system} --app ${input.app}`,
    });
  },
  present: ({ digest, system, application }: ImageView): string =>
    `Image ${digest} of ${system}/${application} is deleted`,
};
