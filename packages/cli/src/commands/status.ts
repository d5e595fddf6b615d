import type { CommandContext, Input } from "../command.ts";
import { askJdosd } from "../machine/jdosd.ts";
import { formatTable } from "../output/table.ts";

export interface MachineStatus {
  pid: number | null;
  ready: boolean;
  components: { name: string; state: string; message?: string }[];
  dataDir: string;
  instance: number | null;
  urls?: { platform: string; kubernetes: string; routes: string };
}

export async function readStatus(
  context: Pick<CommandContext, "environment" | "dataDir">,
): Promise<MachineStatus> {
  return (await askJdosd<MachineStatus>(["status"], context)).answer;
}

export async function run(_input: Input, context: CommandContext): Promise<MachineStatus> {
  return readStatus(context);
}

export function present({ pid, ready, components, dataDir, instance, urls }: MachineStatus): string {
  const state = pid === null ? "not running" : ready ? `ready (process ${pid})` : `starting (process ${pid})`;
  const facts = [
    `The platform is ${state}`,
    `Data directory  ${dataDir}${instance === null ? "" : `, instance ${instance}`}`,
  ];
  if (urls !== undefined)
    facts.push(
      `Platform        ${urls.platform}`,
      `Kubernetes      ${urls.kubernetes}`,
      `Applications    ${urls.routes}`,
    );
  const rows = components.map(({ name, state, message }) => [name, state, message ?? ""]);
  return [...facts, "", formatTable({ headings: ["COMPONENT", "STATE", "MESSAGE"], rows })]
    .join("\n")
    .trimEnd();
}
