import {
  Applications,
  type CreateSystemRequest,
  type ListOf,
  PLATFORM_ROUTES,
  type System,
  Systems,
  type SystemView,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { type Client, followObjects, type Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { conditionOf } from "../explain/facts.ts";
import { systemView } from "../views/system-view.ts";
import { sessionOf } from "./context.ts";
import { CREATE_SYSTEM, SYSTEM_PARAMS } from "./schemas.ts";
import { visibleApplications, visibleSystems } from "./visible.ts";

/** What the controllers say of a name that they will never serve. */
const REFUSALS: Readonly<Record<string, "Invalid" | "AlreadyExists">> = {
  InvalidName: "Invalid",
  NamespaceTaken: "AlreadyExists",
};
const PATIENCE_MILLIS = 2000;

/** The System once the controllers have said something of it; undefined when they say nothing in time. */
async function firstJudgement(client: Client, name: string): Promise<Stored<System> | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MILLIS);
  try {
    for await (const [system] of followObjects(client, Systems, {
      fieldSelector: `metadata.name=${name}`,
      signal,
    })) {
      if (system === undefined || conditionOf(system as never, "Ready") !== undefined) return system;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

type Params = { Params: { system: string } };

export function systemRoutes(server: FastifyInstance): void {
  server.get(PLATFORM_ROUTES.systems, async (request): Promise<ListOf<SystemView>> => {
    const { client } = sessionOf(request);
    const [systems, applications] = await Promise.all([visibleSystems(client), visibleApplications(client)]);
    const counts = new Map<string, number>();
    for (const { metadata } of applications)
      counts.set(metadata.namespace ?? "", (counts.get(metadata.namespace ?? "") ?? 0) + 1);
    return {
      items: systems.map((system) => systemView(system, counts.get(system.metadata.name) ?? 0)),
    };
  });

  server.post<{ Body: CreateSystemRequest }>(
    PLATFORM_ROUTES.systems,
    { schema: { body: CREATE_SYSTEM } },
    async (request, reply): Promise<SystemView> => {
      const { client } = sessionOf(request);
      const { name, ...spec } = request.body;
      const system: System = { apiVersion: "jdos.io/v1", kind: "System", metadata: { name }, spec };
      const created = await client.create(Systems, system).catch((error) => {
        if (!isStatus(error, "AlreadyExists")) throw error;
        throw new PlatformError(
          "AlreadyExists",
          `Cannot create system "${name}": there is one of this name`,
          { hint: `See it: jdos system get ${name}`, cause: error },
        );
      });
      const judged = (await firstJudgement(client, name)) ?? created;
      const refused = conditionOf(judged as never, "Ready");
      if (refused?.reason !== undefined && refused.reason in REFUSALS) {
        await client.delete(Systems, { name });
        throw new PlatformError(
          REFUSALS[refused.reason]!,
          `Cannot create system "${name}": ${refused.message}`,
          {
            hint: "Choose another name",
            field: "name",
          },
        );
      }
      reply.code(201);
      return systemView(judged, 0);
    },
  );

  server.get<Params>(PLATFORM_ROUTES.system, { schema: { params: SYSTEM_PARAMS } }, async (request) =>
    readSystem(sessionOf(request).client, request.params.system),
  );

  server.delete<Params>(
    PLATFORM_ROUTES.system,
    { schema: { params: SYSTEM_PARAMS } },
    async (request, reply) => {
      const { client } = sessionOf(request);
      const view = await readSystem(client, request.params.system);
      await client.delete(Systems, { name: request.params.system });
      reply.code(202);
      return { ...view, state: "Deleting" };
    },
  );
}

async function readSystem(client: Client, name: string): Promise<SystemView> {
  await requireSystem(client, name);
  const [system, applications] = await Promise.all([
    client.get(Systems, { name }),
    client.list(Applications, { namespace: name }),
  ]);
  return systemView(system, applications.items.length);
}

/** @throws PlatformError NotFound with the command that makes it */
export async function requireSystem(client: Client, name: string): Promise<void> {
  try {
    await client.get(Systems, { name });
  } catch (error) {
    if (isStatus(error, "Forbidden")) return;
    if (!isStatus(error, "NotFound")) throw error;
    throw new PlatformError("NotFound", `Cannot find system "${name}"`, {
      hint: `Create it: jdos system create ${name}`,
      cause: error,
    });
  }
}
