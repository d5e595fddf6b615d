import { setTimeout as sleep } from "node:timers/promises";
import type { Accepted, BuildView, DeployResult, ListOf, LogLine } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { CliError, usage } from "../errors.ts";
import { age, duration, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";
import { followAlone } from "./follow.ts";
import { printLines } from "./logs.ts";

/** How long a build that was asked to stop is waited for. */
const CANCEL_SECONDS = 90;

const COLUMNS = [
  ["BUILD", ({ number }: BuildView) => number],
  ["PHASE", ({ phase }: BuildView) => phase],
  ["STAGE", ({ stage }: BuildView) => stage],
  ["SECONDS", ({ seconds }: BuildView) => duration(seconds)],
  ["REVISION", ({ revision, ref }: BuildView) => shortRevision(revision, ref)],
  ["STACK", ({ stack }: BuildView) => stack],
  ["CAUSE", ({ trigger, retryOf }: BuildView) => causeOf(trigger, retryOf)],
  ["BY", ({ requestedBy }: BuildView) => requestedBy],
  ["AGE", ({ createdAt }: BuildView) => age(createdAt)],
  ["MESSAGE", ({ message }: BuildView) => message],
] as const;

/** "1a2b3c4 main"; a digest of a directory is told apart by its first digits. */
function shortRevision(revision: string | undefined, ref: string | undefined): string {
  const short = revision?.replace(/^sha256:/, "").slice(0, 7);
  return [short, ref === revision ? undefined : ref].filter((word) => word !== undefined).join(" ");
}

/** "Push main", "Webhook #7", "Retry of hello-b3" */
function causeOf({ kind, ref, pullRequest }: BuildView["trigger"], retryOf: string | undefined): string {
  if (retryOf !== undefined) return `Retry of ${retryOf}`;
  if (pullRequest !== undefined) return `${kind} #${pullRequest}`;
  return ref === undefined ? kind : `${kind} ${ref}`;
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

/** Resolves when it has been asked to stop; queued builds have stopped by then. */
export const cancel = {
  async run(input: Input, context: CommandContext): Promise<BuildView> {
    const params = { ...scopeOf(input), number: readNumber(input.arguments[0] ?? "") };
    const client = await context.platform();
    let build = await client.call<BuildView>("POST", "cancelBuild", { params });
    for (let look = 0; look < CANCEL_SECONDS && build.phase !== "Cancelled"; look++) {
      await sleep(1000, undefined, { signal: context.signal });
      build = await client.call<BuildView>("GET", "build", { params });
    }
    if (build.phase !== "Cancelled")
      throw new CliError("Timeout", `Build ${build.number} does not stop: it is ${build.phase}`, {
        hint: `See its Pod: jdos events --system ${input.system} --app ${input.app}`,
      });
    return build;
  },
  present: ({ number, message }: BuildView): string => `Build ${number} is cancelled: ${message ?? ""}`,
};

export const retry = {
  async run(input: Input, context: CommandContext): Promise<Accepted | DeployResult> {
    const params = { ...scopeOf(input), number: readNumber(input.arguments[0] ?? "") };
    const accepted = await (await context.platform()).call<Accepted>("POST", "retryBuild", { params });
    return input.options.wait === false ? accepted : followAlone(input, context, accepted);
  },
  present: (result: Accepted | DeployResult): string =>
    "url" in result
      ? `Release ${result.release} of ${result.system}/${result.application} is ready\n${result.url}`
      : `${result.build} ${result.changed ? "is asked for" : "is under way already"}`,
};

function readNumber(given: string): number {
  const number = Number(/^(?:.*-b|b)?(\d+)$/.exec(given)?.[1] ?? Number.NaN);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw usage(`Cannot find build "${given}": it is not a number`, "jdos builds shows the numbers");
}

async function numberOf(input: Input, context: CommandContext): Promise<number> {
  const given = input.arguments[0];
  if (given !== undefined) return readNumber(given);
  const latest = (await read(input, context))[0];
  if (latest === undefined)
    throw new CliError("NotFound", `Application "${input.app}" has no build`, {
      hint: "Deploy a source: jdos deploy PATH",
    });
  return latest.number;
}
