import { Nodes, PLATFORM_ROUTES, type PlatformStatus } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { FastifyInstance } from "fastify";
import { registryStorage } from "../source/registry-full.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { visibleApplications, visibleSystems } from "./visible.ts";

export function statusRoutes(server: FastifyInstance, { version, ports, ownClient }: RouteContext): void {
  server.get(PLATFORM_ROUTES.status, async (request): Promise<PlatformStatus> => {
    const { client, person } = sessionOf(request);
    const [systems, applications, nodes, storage] = await Promise.all([
      visibleSystems(client),
      visibleApplications(client),
      client.list(Nodes).catch((error) => {
        if (isStatus(error, "Forbidden")) return undefined;
        throw error;
      }),
      registryStorage(ownClient),
    ]);
    const node = nodes?.items[0];
    const ready = node?.status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
    return {
      version,
      ready: nodes === undefined || ready,
      person: person.name,
      ...(node === undefined ? {} : { node: node.metadata.name }),
      systems: systems.length,
      applications: applications.length,
      routesPort: ports.routes,
      kubernetesPort: ports.kubernetes,
      registryPort: ports.registry,
      ...(storage === undefined ? {} : { registry: storage }),
    };
  });
}
