import type { KubeObject } from "@jdos/apimachinery";
import type { CommandContext, Input } from "../command.ts";
import { carryOut, dryRun, givenValues, type Installed } from "../install/flow.ts";
import { manifestText } from "../install/manifest-text.ts";
import { checkFresh } from "../install/preflight/taken.ts";
import { checkVersion } from "../install/preflight/version.ts";
import { newId, readInstallation } from "../install/record.ts";
import { withCluster } from "../install/session.ts";
import { readValues } from "../install/values.ts";
import { platformVersion } from "../install/version.ts";

/** Puts the platform into a cluster. Broken off, it goes on from what is there when it is repeated. */
export async function run(input: Input, context: CommandContext): Promise<Installed | KubeObject[]> {
  const values = await readValues(givenValues(input));
  return withCluster(context, async (session) => {
    const kubernetes = await checkVersion(session.client);
    const present = await readInstallation(session.client);
    if (input.options.dryRun !== true) checkFresh(present);
    const begun = {
      id: present?.id ?? newId(),
      state: "Installing" as const,
      version: await platformVersion(),
      objects: present?.objects ?? [],
    };
    const plan = { session, input, context, values, begun, kubernetes };
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
