import type { Accepted, DeployResult } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { scopeOf } from "../scope.ts";
import { followAlone } from "./follow.ts";

export async function run(input: Input, context: CommandContext): Promise<Accepted | DeployResult> {
  const { replicas, wait } = input.options;
  if (replicas === undefined)
    throw usage("Cannot scale: --replicas is missing", "jdos scale --replicas N --system S --app A");
  const client = await context.platform();
  const accepted = await client.call<Accepted>("PUT", "scale", {
    params: scopeOf(input),
    body: { replicas },
  });
  return wait === false ? accepted : followAlone(input, context, accepted);
}

export function present(result: Accepted | DeployResult): string {
  if (!("readyReplicas" in result)) return `${result.system}/${result.application} is being scaled`;
  return `${result.system}/${result.application} runs with ${result.readyReplicas} of ${result.replicas} Pods ready`;
}
