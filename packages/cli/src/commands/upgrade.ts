import type { KubeObject } from "@jdos/apimachinery";
import type { CommandContext, Input } from "../command.ts";
import { carryOut, dryRun, givenValues, type Installed } from "../install/flow.ts";
import { manifestText } from "../install/manifest-text.ts";
import { checkInstalled } from "../install/preflight/taken.ts";
import { readInstallation } from "../install/record.ts";
import { withCluster } from "../install/session.ts";
import { completeValues, readValues } from "../install/values.ts";
import { platformVersion } from "../install/version.ts";

/** Brings an installation to this version, and to other values if they are given. Applications go on serving. */
export async function run(input: Input, context: CommandContext): Promise<Installed | KubeObject[]> {
  const given = givenValues(input);
  return withCluster(context, async (session) => {
    const present = await readInstallation(session.client);
    checkInstalled(present);
    const values =
      given.file === undefined ? await completeValues(present.values, given) : await readValues(given);
    const begun = {
      id: present.id,
      state: "Upgrading" as const,
      version: await platformVersion(),
      objects: present.objects,
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
  ].join("\n");
}
