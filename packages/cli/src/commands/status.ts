import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { type RegistryStorageState, registrySpace } from "@jdos/api/registry-storage";
import { readInstance } from "@jdos/component-base/data-directory";
import { http } from "@jdos/component-base/http";
import { instanceNames } from "@jdos/component-base/instance";
import type { CommandContext, Input } from "../command.ts";
import type { ClusterStatus } from "../install/cluster-status.ts";
import { askJdosd } from "../machine/jdosd.ts";
import { formatTable } from "../output/table.ts";

export interface MachineStatus {
  pid: number | null;
  ready: boolean;
  components: { name: string; state: string; message?: string }[];
  dataDir: string;
  instance: number | null;
  registry?: RegistryStorageState;
  urls?: { platform: string; kubernetes: string; routes: string };
}

export async function readStatus(
  context: Pick<CommandContext, "environment" | "dataDir">,
): Promise<MachineStatus> {
  return (await askSocket(context.dataDir)) ?? (await askJdosd<MachineStatus>(["status"], context)).answer;
}

const TIMEOUT_MILLIS = 5000;

/** What the running jdosd says on its control socket, without a process of its own; undefined: nobody answers. */
async function askSocket(dataDir: string): Promise<MachineStatus | undefined> {
  const instance = await readInstance(dataDir);
  if (instance === undefined) return undefined;
  const socketPath = `${instanceNames(instance).runDir}/jdosd.sock`;
  const call = http.request({ socketPath, path: "/status", timeout: TIMEOUT_MILLIS });
  call.on("timeout", () => call.destroy());
  call.end();
  try {
    const [response] = (await once(call, "response")) as [IncomingMessage];
    return (await json(response)) as MachineStatus;
  } catch {
    return undefined;
  }
}

export async function run(_input: Input, context: CommandContext): Promise<MachineStatus | ClusterStatus> {
  if (context.cluster === undefined) return readStatus(context);
  const { readClusterStatus } = await import("../install/cluster-status.ts");
  return readClusterStatus(context);
}

export async function present(status: MachineStatus | ClusterStatus): Promise<string> {
  if (!("server" in status)) return presentMachine(status);
  const { presentClusterStatus } = await import("../install/cluster-status.ts");
  return presentClusterStatus(status);
}

function presentMachine({
  pid,
  ready,
  components,
  dataDir,
  instance,
  registry,
  urls,
}: MachineStatus): string {
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
  if (registry !== undefined) {
    const full = registry.state === "Full" ? "; it is full: no build begins" : "";
    facts.push(`Registry        ${registrySpace(registry)}${full}`);
  }
  const rows = components.map(({ name, state, message }) => [name, state, message ?? ""]);
  return [...facts, "", formatTable({ headings: ["COMPONENT", "STATE", "MESSAGE"], rows })]
    .join("\n")
    .trimEnd();
}
