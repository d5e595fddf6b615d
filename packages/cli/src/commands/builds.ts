import type { BuildView, ListOf, LogLine } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { CliError, usage } from "../errors.ts";
import { age, duration, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";
import { printLines } from "./logs.ts";

const COLUMNS = [
  ["BUILD", ({ number }: BuildView) => number],
  ["PHASE", ({ phase }: BuildView) => phase],
  ["STAGE", ({ stage }: BuildView) => stage],
  ["SECONDS", ({ seconds }: BuildView) => duration(seconds)],
  ["REVISION", ({ revision, ref }: BuildView) => shortRevision(revision, ref)],
  ["STACK", ({ stack }: BuildView) => stack],
  ["BY", ({ requestedBy }: BuildView) => requestedBy],
  ["AGE", ({ createdAt }: BuildView) => age(createdAt)],
  ["MESSAGE", ({ message }: BuildView) => message],
] as const;

/** "1a2b3c4 main"; a digest of a directory is told apart by its first digits. */
function shortRevision(revision: string | undefined, ref: string | undefined): string {
  const short = revision?.replace(/^sha256:/, "").slice(0, 7);
  return [short, ref === revision ? undefined : ref].filter((word) => word !== undefined).join(" ");
}

async function read(input: Input, context: CommandContext): Promise<BuildView[]> {
  return (
    await (await context.platform()).call<ListOf<BuildView>>("GET", "builds", { params: scopeOf(input) })
  ).items;
}

export const list = {
  run: read,
  present: (builds: BuildView[]): Table =>
    tableOf(builds, COLUMNS, "There is no build yet. Deploy a source: jdos deploy PATH"),
};

/** The log of one build; of the latest when no number is given. */
export const logs = {
  async run(input: Input, context: CommandContext): Promise<undefined> {
    const number = await numberOf(input, context);
    const client = await context.platform();
    const query = { follow: input.options.follow };
    await printLines(
      client.stream<LogLine>("buildLog", {
        params: { ...scopeOf(input), number },
        query,
        signal: context.signal,
      }),
      context,
      { prefix: false },
    );
  },
};

async function numberOf(input: Input, context: CommandContext): Promise<number> {
  const given = input.arguments[0];
  if (given !== undefined) {
    const number = Number(/^(?:.*-b|b)?(\d+)$/.exec(given)?.[1] ?? Number.NaN);
    if (!Number.isSafeInteger(number) || number < 1)
      throw usage(
        `Cannot read the log of build "${given}": it is not a number`,
        "jdos builds shows the numbers",
      );
    return number;
  }
  const latest = (await read(input, context))[0];
  if (latest === undefined)
    throw new CliError("NotFound", `Application "${input.app}" has no build`, {
      hint: "Deploy a source: jdos deploy PATH",
    });
  return latest.number;
}
