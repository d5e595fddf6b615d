import type { Accepted, CanaryView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { clean, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";

const COLUMNS = [
  ["RELEASE", ({ rollout }: CanaryView) => rollout && `v${rollout.release}`],
  ["STRATEGY", ({ rollout }: CanaryView) => rollout?.strategy],
  ["PHASE", ({ rollout }: CanaryView) => rollout?.phase],
  ["STEP", ({ rollout }: CanaryView) => rollout?.steps && `${rollout.step ?? 1}/${rollout.steps}`],
  ["WEIGHT", ({ rollout }: CanaryView) => rollout && `${rollout.weight}%`],
  ["ERRORS", ({ traffic }: CanaryView) => traffic && shareOf(traffic.canary)],
  ["OTHERS", ({ traffic }: CanaryView) => traffic && shareOf(traffic.stable)],
  ["MESSAGE", ({ rollout }: CanaryView) => rollout?.message],
] as const;

/** How many of its answers are errors. */
function shareOf({ requests, errors }: { requests: number; errors: number }): string {
  return `${errors} of ${requests}`;
}

export const status = {
  async run(input: Input, context: CommandContext): Promise<CanaryView> {
    return (await context.platform()).call("GET", "canary", { params: scopeOf(input) });
  },
  present: (view: CanaryView): Table =>
    tableOf(
      view.rollout === undefined ? [] : [view],
      COLUMNS,
      "No release was tried yet. Deploy one: jdos deploy PATH --strategy canary",
    ),
};

function decide(action: "promote" | "abort", done: string) {
  return {
    async run(input: Input, context: CommandContext): Promise<Accepted> {
      const all = input.options.all === true;
      const body = { action, ...(all ? { all } : {}) };
      return (await context.platform()).call("POST", "canary", { params: scopeOf(input), body });
    },
    present: ({ system, application, changed }: Accepted): string =>
      clean(`${system}/${application} ${changed ? done : `${done} already`}`),
  };
}

export const promote = decide("promote", "is promoted");
export const abort = decide("abort", "is told to return to the release that serves");
