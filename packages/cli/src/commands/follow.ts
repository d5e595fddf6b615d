import type { Accepted, DeployResult, ProgressEvent } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { CliError } from "../errors.ts";
import type { StageView } from "../output/stages.ts";
import { clean } from "../output/table.ts";
import { persist } from "../platform/persist.ts";
import { ConnectionLost, type PlatformClient } from "../platform/platform-client.ts";
import { scopeOf } from "../scope.ts";

export interface FollowOptions {
  client: PlatformClient;
  input: Input;
  accepted: Accepted;
  view: StageView;
  timeoutSeconds?: number | undefined;
}

/** Shows a change until it is ready. @throws CliError why it does not get ready, after its log */
export async function follow(
  { client, input, accepted, view, timeoutSeconds }: FollowOptions,
  { signal }: Pick<CommandContext, "signal">,
): Promise<DeployResult> {
  const target =
    accepted.build === undefined ? { generation: accepted.generation } : { build: accepted.build };
  const options = { params: scopeOf(input), query: { ...target, timeoutSeconds }, signal };
  let logged = false;
  const end = await persist(
    async () => {
      for await (const event of client.stream<ProgressEvent>("progress", options)) {
        if (event.type === "stage") view.update(event);
        else if (event.type === "log") {
          logged = true;
          view.line(`| ${event.line}`);
        } else return event;
      }
      if (signal.aborted)
        throw new CliError("Interrupted", "The change goes on without being watched", {
          hint: `See how it stands: jdos why --system ${input.system} --app ${input.app}`,
          exitCode: 130,
        });
      throw new ConnectionLost(new Error("the stream ended early"));
    },
    { signal, lost: () => view.line("The connection ended; waiting for the platform to come back ...") },
  );
  if (end.type === "ready") return end.result;
  // A log that was shown whole is the evidence.
  if (!logged) for (const { from, text } of end.explanation?.evidence ?? []) view.line(`| ${from}: ${text}`);
  throw CliError.fromApi(end.error);
}

/** Follows a change of a command that shows nothing else. */
export async function followAlone(
  input: Input,
  context: CommandContext,
  accepted: Accepted,
): Promise<DeployResult> {
  const { createStageView } = await import("../output/stages.ts");
  const view = await createStageView(context);
  try {
    return await follow({ client: await context.platform(), input, accepted, view }, context);
  } finally {
    await view.close();
  }
}

/** What is said of a release that waits to be promoted. */
export function waitingSentence({ system, application, release, rollout, url }: DeployResult): string {
  const flags = `--system ${system} --app ${application}`;
  const stands = rollout?.message ?? `Release ${release} waits to be promoted`;
  return `${clean(stands)}\nGo on: jdos canary promote ${flags}; or return: jdos canary abort ${flags}\n${url}`;
}
