import {
  type Accepted,
  APPLICATION_LABEL,
  type Application,
  Applications,
  type Build,
  Builds,
  buildName,
  type DeployRequest,
  PLATFORM_ROUTES,
  REQUEST_ID_ANNOTATION,
} from "@jdos/api";
import { controllerReference, deepCopy, isStatus } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { followProgress } from "../progress/stream.ts";
import type { ProgressTarget } from "../progress/target.ts";
import { sendNdjson } from "../streams/ndjson.ts";
import { type AppParams, newApplication, requireApplication } from "./applications.ts";
import { type RouteContext, type Session, sessionOf } from "./context.ts";
import { APP_PARAMS, DEPLOY, PROGRESS_QUERY } from "./schemas.ts";
import { requireSystem } from "./systems.ts";
import { applied, retryOnConflict, signed } from "./write.ts";

const DEFAULT_TIMEOUT_SECONDS = 900;

export function deployRoutes(server: FastifyInstance, { routes, imagePrefix }: RouteContext): void {
  server.post<{ Params: AppParams; Body: DeployRequest }>(
    PLATFORM_ROUTES.deploy,
    { schema: { params: APP_PARAMS, body: DEPLOY } },
    async (request, reply): Promise<Accepted> => {
      reply.code(202);
      return deploy(sessionOf(request), request.params, request.body);
    },
  );

  server.get<{ Params: AppParams; Querystring: ProgressTarget & { timeoutSeconds?: number } }>(
    PLATFORM_ROUTES.progress,
    { schema: { params: APP_PARAMS, querystring: PROGRESS_QUERY } },
    async (request, reply) => {
      const { client } = sessionOf(request);
      const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, ...target } = request.query;
      await requireApplication(client, request.params);
      await sendNdjson(reply, (signal) =>
        followProgress({
          client,
          ...request.params,
          target,
          routes,
          imagePrefix,
          timeoutSeconds,
          signal,
        }),
      );
    },
  );
}

/**
 * Writes what is wanted into the Application, then asks for a Build of it; an image needs none. The same requestId
 * asks once.
 */
async function deploy(
  session: Session,
  { system, app }: AppParams,
  request: DeployRequest,
): Promise<Accepted> {
  const { client } = session;
  await requireSystem(client, system);
  const before = await builds(session, system, app);
  const same = before.find(
    ({ metadata }) =>
      request.requestId !== undefined && metadata.annotations?.[REQUEST_ID_ANNOTATION] === request.requestId,
  );
  if (same !== undefined) {
    const application = await client.get(Applications, { namespace: system, name: app });
    return {
      system,
      application: app,
      generation: application.metadata.generation ?? 0,
      build: same.metadata.name,
      changed: false,
    };
  }
  const application = await writeApplication(session, { system, app }, request);
  if (request.source.image !== undefined) {
    return { system, application: app, generation: application.metadata.generation ?? 0, changed: true };
  }
  const build = await createBuild(session, application, request, before);
  return {
    system,
    application: app,
    generation: application.metadata.generation ?? 0,
    build: build.metadata.name,
    changed: true,
  };
}

async function builds({ client }: Session, system: string, app: string): Promise<readonly Stored<Build>[]> {
  return (await client.list(Builds, { namespace: system })).items.filter(
    ({ spec }) => spec.application === app,
  );
}

async function writeApplication(
  { client, person }: Session,
  { system, app }: AppParams,
  request: DeployRequest,
): Promise<Stored<Application>> {
  const key = { namespace: system, name: app };
  return retryOnConflict(async () => {
    let present: Stored<Application>;
    try {
      present = await client.get(Applications, key);
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
      const spec = { ...applied({}, request), source: request.source };
      return client.create(Applications, signed(newApplication({ system, app }, spec), person.name));
    }
    const wanted = deepCopy(present) as Application;
    return client.update(
      Applications,
      signed({ ...wanted, spec: { ...applied(wanted.spec, request), source: request.source } }, person.name),
    );
  });
}

/** Names are taken by counting on, so two people who deploy at once get a Build each. */
async function createBuild(
  { client, person }: Session,
  application: Stored<Application>,
  { source, requestId }: DeployRequest,
  before: readonly Stored<Build>[],
): Promise<Stored<Build>> {
  const { name, namespace } = application.metadata;
  let number =
    Math.max(numberOf(application.status?.latestBuild), ...before.map(({ spec }) => spec.number)) + 1;
  for (let attempt = 1; ; attempt++, number++) {
    const build: Build = {
      apiVersion: "jdos.io/v1",
      kind: "Build",
      metadata: {
        name: buildName(name, number),
        ...(namespace === undefined ? {} : { namespace }),
        labels: { [APPLICATION_LABEL]: name },
        ...(requestId === undefined ? {} : { annotations: { [REQUEST_ID_ANNOTATION]: requestId } }),
        ownerReferences: [controllerReference(application)],
      },
      spec: {
        application: name,
        number,
        source,
        ...(application.spec.build === undefined
          ? {}
          : { build: deepCopy(application.spec.build) as NonNullable<Build["spec"]["build"]> }),
        requestedBy: person.name,
      },
    };
    try {
      return await client.create(Builds, build);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists") || attempt === 10) throw error;
    }
  }
}

function numberOf(build: string | undefined): number {
  return Number(/-b(\d+)$/.exec(build ?? "")?.[1] ?? 0);
}
