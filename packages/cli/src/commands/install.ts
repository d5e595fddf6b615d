import { isStatus, type KubeObject } from "@jdos/apimachinery";
import type { CommandContext, Input } from "../command.ts";
import { carryOut, dryRun, givenValues, type Installed } from "../install/flow.ts";
import { manifestText } from "../install/manifest-text.ts";
import { checkFresh } from "../install/preflight/taken.ts";
import { newId, readInstallation } from "../install/record.ts";
import { withCluster } from "../install/session.ts";
import { readValues } from "../install/values.ts";
import { platformVersion } from "../install/version.ts";

/** Puts the platform into a cluster. Broken off, it goes on from what is there when it is repeated. */
export async function run(input: Input, context: CommandContext): Promise<Installed | KubeObject[]> {
  const values = await readValues(givenValues(input));
  return withCluster(context, async (session) => {
    // Who may not look lacks more than that: the check of rights names it all.
    const present = await readInstallation(session.client).catch((error) => {
      if (isStatus(error, "Forbidden") && input.options.dryRun !== true) return undefined;
      throw error;
    });
    const version = await platformVersion();
    if (input.options.dryRun !== true) checkFresh(present, version);
    const begun = {
      id: present?.id ?? newId(),
      state: "Installing" as const,
      version,
      objects: present?.objects ?? [],
    };
    const plan = { session, input, context, values, begun };
    return input.options.dryRun === true ? dryRun(plan) : carryOut(plan);
  });
}

export function present(answer: Installed | KubeObject[]): string {
  if (Array.isArray(answer)) return manifestText(answer);
  return [
    `JDOS ${answer.version} runs in the cluster at ${answer.server} (installation ${answer.id})`,
    ...answer.notices,
    "Next: jdos system create NAME --kubeconfig FILE, then jdos deploy",
  ].join("\n");
}
