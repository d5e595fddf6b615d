import { notInstalled } from "../cluster/connection.ts";
import { PLATFORM_NAMESPACE } from "../cluster/names.ts";
import type { CommandContext } from "../command.ts";
import { formatTable } from "../output/table.ts";
import { readInstallation } from "./record.ts";
import { listWorkloads } from "./rollout.ts";
import { missingRoutesAddress } from "./routes-address.ts";
import { withCluster } from "./session.ts";

/** The platform in a cluster. */
export interface ClusterStatus {
  server: string;
  kubernetes: string;
  id: string;
  version: string;
  /** Of the installation: Installed, or what was begun and has not ended. */
  state: string;
  ready: boolean;
  components: { name: string; state: string; message: string }[];
}

/** Reads with the kubeconfig's own rights. */
export function readClusterStatus(context: CommandContext): Promise<ClusterStatus> {
  return withCluster(context, async ({ client, server, kubernetes }) => {
    const installation = await readInstallation(client);
    if (installation === undefined) throw notInstalled(server);
    const workloads = await listWorkloads(client, PLATFORM_NAMESPACE);
    const noAddress = await missingRoutesAddress(client);
    const { id, version, state } = installation;
    return {
      server,
      kubernetes,
      id,
      version,
      state,
      ready: state === "Installed" && workloads.every(({ done }) => done),
      components: [
        ...workloads.map(({ name, done, message }) => ({
          name,
          state: done ? "running" : "starting",
          message,
        })),
        ...(noAddress === undefined ? [] : [{ name: "routes", state: "waiting", message: noAddress }]),
      ],
    };
  });
}

export function presentClusterStatus(status: ClusterStatus): string {
  const { server, kubernetes, id, version, state, ready, components } = status;
  return [
    `The platform is ${ready ? "ready" : "not ready"}`,
    `Cluster         ${server}, Kubernetes ${kubernetes}`,
    `Installation    ${id}, version ${version}, ${state}`,
    "",
    formatTable({
      headings: ["COMPONENT", "STATE", "MESSAGE"],
      rows: components.map((component) => [component.name, component.state, component.message]),
    }),
  ].join("\n");
}
