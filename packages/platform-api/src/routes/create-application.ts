import {
  type Application,
  Applications,
  type ApplicationView,
  type CreateApplicationRequest,
  PLATFORM_ROUTES,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { applicationView } from "../views/application-view.ts";
import type { AppParams } from "./applications.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { APP_PARAMS, CREATE_APPLICATION } from "./schemas.ts";
import { requireSystem } from "./systems.ts";
import { applied, signed } from "./write.ts";

/** An application without a source: the first deploy, push or webhook gives it one. */
export function createApplicationRoutes(server: FastifyInstance, { routes }: RouteContext): void {
  server.post<{ Params: AppParams; Body: CreateApplicationRequest }>(
    PLATFORM_ROUTES.application,
    { schema: { params: APP_PARAMS, body: CREATE_APPLICATION } },
    async (request, reply): Promise<ApplicationView> => {
      const { client, person } = sessionOf(request);
      const { system, app } = request.params;
      await requireSystem(client, system);
      const wanted = signed(newApplication(request.params, applied({}, request.body)), person.name);
      const created = await client.create(Applications, wanted).catch((error) => {
        if (!isStatus(error, "AlreadyExists")) throw error;
        throw new PlatformError(
          "AlreadyExists",
          `Cannot create application "${app}": system "${system}" has one of this name`,
          { hint: `See it: jdos app get --system ${system} --app ${app}`, cause: error },
        );
      });
      reply.code(201);
      return applicationView(created, { routes });
    },
  );
}

export function newApplication({ system, app }: AppParams, spec: Application["spec"]): Application {
  return { apiVersion: "jdos.io/v1", kind: "Application", metadata: { namespace: system, name: app }, spec };
}
