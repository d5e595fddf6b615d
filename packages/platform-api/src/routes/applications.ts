import {
  type Application,
  Applications,
  type ApplicationView,
  type ListOf,
  PLATFORM_ROUTES,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { applicationView } from "../views/application-view.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { APP_PARAMS, SYSTEM_PARAMS } from "./schemas.ts";
import { requireSystem } from "./systems.ts";

export type AppParams = { system: string; app: string };

export function applicationRoutes(server: FastifyInstance, context: RouteContext): void {
  const view = (application: Stored<Application>): ApplicationView =>
    applicationView(application, { routes: context.routes });

  server.get(PLATFORM_ROUTES.allApplications, async (request): Promise<ListOf<ApplicationView>> => {
    const list = await sessionOf(request).client.list(Applications);
    return { items: list.items.map(view) };
  });

  server.get<{ Params: { system: string } }>(
    PLATFORM_ROUTES.applications,
    { schema: { params: SYSTEM_PARAMS } },
    async (request): Promise<ListOf<ApplicationView>> => {
      const { client } = sessionOf(request);
      await requireSystem(client, request.params.system);
      const list = await client.list(Applications, { namespace: request.params.system });
      return { items: list.items.map(view) };
    },
  );

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.application,
    { schema: { params: APP_PARAMS } },
    async (request) => view(await requireApplication(sessionOf(request).client, request.params)),
  );

  server.delete<{ Params: AppParams }>(
    PLATFORM_ROUTES.application,
    { schema: { params: APP_PARAMS } },
    async (request, reply): Promise<ApplicationView> => {
      const { client } = sessionOf(request);
      const application = await requireApplication(client, request.params);
      await client.delete(Applications, { namespace: request.params.system, name: request.params.app });
      reply.code(202);
      return { ...view(application), state: "Deleting" };
    },
  );
}

/** @throws PlatformError NotFound that says which of the two is missing */
export async function requireApplication(
  client: Client,
  { system, app }: AppParams,
): Promise<Stored<Application>> {
  try {
    return await client.get(Applications, { namespace: system, name: app });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await requireSystem(client, system);
    throw new PlatformError("NotFound", `Cannot find application "${app}" in system "${system}"`, {
      hint: `See what there is: jdos app list --system ${system}; or deploy it: jdos deploy PATH --system ${system} --app ${app}`,
      cause: error,
    });
  }
}
