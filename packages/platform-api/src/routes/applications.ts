import {
  type AccessView,
  type Application,
  Applications,
  type ApplicationView,
  type CreateApplicationRequest,
  type ListOf,
  PLATFORM_ROUTES,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { applicationView } from "../views/application-view.ts";
import { readAccess } from "./access.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { type AppParams, newApplication, requireApplication } from "./find-application.ts";
import { APP_PARAMS, CREATE_APPLICATION, SYSTEM_PARAMS } from "./schemas.ts";
import { requireSystem } from "./systems.ts";
import { visibleApplications } from "./visible.ts";
import { applied, signed } from "./write.ts";

export function applicationRoutes(server: FastifyInstance, context: RouteContext): void {
  const view = (application: Stored<Application>): ApplicationView =>
    applicationView(application, { routes: context.routes });

  server.get(PLATFORM_ROUTES.allApplications, async (request): Promise<ListOf<ApplicationView>> => {
    const applications = await visibleApplications(sessionOf(request).client);
    return { items: applications.map(view) };
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

  server.post<{ Params: AppParams; Body: CreateApplicationRequest }>(
    PLATFORM_ROUTES.application,
    { schema: { params: APP_PARAMS, body: CREATE_APPLICATION } },
    async (request, reply): Promise<ApplicationView> => {
      const { client, person } = sessionOf(request);
      const { system, app } = request.params;
      await requireSystem(client, system);
      const application = await client
        .create(Applications, signed(newApplication(request.params, applied({}, request.body)), person.name))
        .catch((error) => {
          if (!isStatus(error, "AlreadyExists")) throw error;
          throw new PlatformError(
            "AlreadyExists",
            `Application "${app}" is there already in system "${system}"`,
            {
              hint: `See it: jdos app get --system ${system} --app ${app}`,
              cause: error,
            },
          );
        });
      reply.code(201);
      return view(application);
    },
  );

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.access,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<AccessView> => readAccess(sessionOf(request), request.params),
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
