import { randomUUID } from "node:crypto";
import type { Accepted, DeployResult, PromoteRequest } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { persist } from "../platform/persist.ts";
import { required, scopeOf } from "../scope.ts";
import { followAlone, waitingSentence } from "./follow.ts";
import { readVersion } from "./releases.ts";

export async function run(input: Input, context: CommandContext): Promise<Accepted | DeployResult> {
  const { options } = input;
  const source = scopeOf(input);
  const app = required("to", options.to);
  const system = typeof options.toSystem === "string" ? options.toSystem : source.system;
  const body: PromoteRequest = {
    from: {
      ...source,
      ...(options.release === undefined ? {} : { release: readVersion(String(options.release)) }),
    },
    requestId: randomUUID(),
    ...(options.force === true ? { force: true } : {}),
  };
  const client = await context.platform();
  const accepted = await persist(
    () => client.call<Accepted>("POST", "promote", { params: { system, app }, body }),
    { signal: context.signal, lost: () => {} },
  );
  return options.wait === false ? accepted : followAlone({ ...input, system, app }, context, accepted);
}

export function present(result: Accepted | DeployResult): string {
  const name = `${result.system}/${result.application}`;
  if ("rollout" in result) return waitingSentence(result);
  if (!("url" in result)) return `${name} is being given the image`;
  return `Release ${result.release} of ${name} is ready with ${result.image}\n${result.url}`;
}
