import {
  type Accepted,
  type Build,
  Builds,
  type BuildView,
  CANCELLED_BY_ANNOTATION,
  isBuildEnded,
  type ListOf,
  PLATFORM_ROUTES,
} from "@jdos/api";
import { deepCopy, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { followLog, readLogOnce } from "../logs/build-log.ts";
import { sendNdjson } from "../streams/ndjson.ts";
import { buildView } from "../views/build-view.ts";
import { type RouteContext, type Session, sessionOf } from "./context.ts";
import { buildsOf, createBuild } from "./create-build.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, BUILD_LOG_QUERY, BUILD_PARAMS } from "./schemas.ts";
import { retryOnConflict } from "./write.ts";

type BuildParams = AppParams & { number: number };

export function buildRoutes(server: FastifyInstance, { registry }: Pick<RouteContext, "registry">): void {
  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.builds,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ListOf<BuildView>> => {
      const { client } = sessionOf(request);
      await requireApplication(client, request.params);
      const own = await buildsOf(client, request.params);
      return { items: own.toSorted((a, b) => b.spec.number - a.spec.number).map(buildView) };
    },
  );

  server.get<{ Params: BuildParams }>(
    PLATFORM_ROUTES.build,
    { schema: { params: BUILD_PARAMS } },
    async (request) => buildView(await requireBuild(sessionOf(request).client, request.params)),
  );

  server.get<{ Params: BuildParams; Querystring: { follow?: boolean } }>(
    PLATFORM_ROUTES.buildLog,
    { schema: { params: BUILD_PARAMS, querystring: BUILD_LOG_QUERY } },
    async (request, reply) => {
      const { client, person } = sessionOf(request);
      const build = await requireBuild(client, request.params);
      const read = request.query.follow === true ? followLog : readLogOnce;
      await sendNdjson(reply, (signal) => read({ client, registry, person: person.name, build, signal }));
    },
  );

  server.post<{ Params: BuildParams }>(
    PLATFORM_ROUTES.cancelBuild,
    { schema: { params: BUILD_PARAMS } },
    async (request, reply): Promise<BuildView> => {
      reply.code(202);
      return buildView(await cancel(sessionOf(request), request.params));
    },
  );

  server.post<{ Params: BuildParams }>(
    PLATFORM_ROUTES.retryBuild,
    { schema: { params: BUILD_PARAMS } },
    async (request, reply): Promise<Accepted> => {
      reply.code(202);
      return retry(sessionOf(request), request.params);
    },
  );
}

async function requireBuild(client: Client, { system, app, number }: BuildParams): Promise<Stored<Build>> {
  try {
    return await client.get(Builds, { namespace: system, name: `${app}-b${number}` });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await requireApplication(client, { system, app });
    throw new PlatformError("NotFound", `Cannot find build ${number} of application "${app}"`, {
      hint: `See its builds: jdos builds --system ${system} --app ${app}`,
      cause: error,
    });
  }
}

/** Asked again it changes nothing; a Build that ended meanwhile is not cancelled. */
function cancel({ client, person }: Session, params: BuildParams): Promise<Stored<Build>> {
  return retryOnConflict(async () => {
    const build = await requireBuild(client, params);
    const { namespace = "", name, resourceVersion } = build.metadata;
    if (build.status?.phase === "Cancelled" || (build.spec.cancel === true && !isBuildEnded(build)))
      return build;
    if (isBuildEnded(build)) {
      const ended = build.status?.phase === "Succeeded" ? "succeeded" : "failed";
      throw new PlatformError("Conflict", `Cannot cancel build ${params.number}: it has ${ended} already`, {
        hint:
          ended === "succeeded"
            ? `To return to what ran before: jdos rollback --system ${params.system} --app ${params.app}`
            : `To build it again: jdos build retry ${params.number} --system ${params.system} --app ${params.app}`,
      });
    }
    const annotations = { [CANCELLED_BY_ANNOTATION]: person.name };
    return client.patch(
      Builds,
      { namespace, name },
      { type: "merge", body: { metadata: { resourceVersion, annotations }, spec: { cancel: true } } },
    );
  });
}

/** A new Build of the same source and settings. Asked again while it is not over, it is the same. */
async function retry({ client, person }: Session, params: BuildParams): Promise<Accepted> {
  const application = await requireApplication(client, params);
  const build = await requireBuild(client, params);
  const { system, app, number } = params;
  const accepted = { system, application: app, generation: application.metadata.generation ?? 0 };
  if (!isBuildEnded(build))
    throw new PlatformError("Conflict", `Cannot retry build ${number}: it has not ended`, {
      hint: `Cancel it first: jdos build cancel ${number} --system ${system} --app ${app}`,
    });
  const before = await buildsOf(client, params);
  const underWay = before.find((other) => other.spec.retryOf === build.metadata.name && !isBuildEnded(other));
  if (underWay !== undefined) return { ...accepted, build: underWay.metadata.name, changed: false };
  const { source, build: options, timeoutSeconds, trigger } = deepCopy(build.spec) as Build["spec"];
  const { kind: _, ...cause } = trigger ?? { kind: "Deploy" };
  const made = await createBuild(client, {
    application,
    before,
    spec: {
      source,
      ...(options === undefined ? {} : { build: options }),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      requestedBy: person.name,
      retryOf: build.metadata.name,
      trigger: { ...cause, kind: "Retry" },
    },
  });
  return { ...accepted, build: made.metadata.name, changed: true };
}
