import {
  type Accepted,
  type Application,
  Applications,
  type Build,
  type DeployRequest,
  FORCED_BY_ANNOTATION,
  PLATFORM_ROUTES,
  REQUEST_ID_ANNOTATION,
} from "@jdos/api";
import { deepCopy, isStatus } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { followProgress } from "../progress/stream.ts";
import type { ProgressTarget } from "../progress/target.ts";
import { sendNdjson } from "../streams/ndjson.ts";
import { type RouteContext, type Session, sessionOf } from "./context.ts";
import { buildsOf, createBuild } from "./create-build.ts";
import { type AppParams, newApplication, requireApplication } from "./find-application.ts";
import { passFreeze } from "./freeze.ts";
import { APP_PARAMS, DEPLOY, PROGRESS_QUERY } from "./schemas.ts";
import { requireSecretKey } from "./secrets.ts";
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
      const { timeoutSeconds, ...target } = request.query;
      await requireApplication(client, request.params);
      await sendNdjson(reply, (signal) =>
        followProgress({
          client,
          ...request.params,
          target,
          routes,
          imagePrefix,
          timeoutSeconds: timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
          waitsInQueue: timeoutSeconds === undefined,
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
  const before = await buildsOf(client, { system, app });
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
  for (const { secret } of request.run?.env ?? [])
    if (secret !== undefined) await requireSecretKey(client, system, secret);
  const forcer = await passFreeze(session, { system, app }, request.force);
  const application = await writeApplication(session, { system, app }, { ...request, forcer });
  if (request.source.image !== undefined) {
    return { system, application: app, generation: application.metadata.generation ?? 0, changed: true };
  }
  const { requestId, source } = request;
  const options = application.spec.build;
  const build = await createBuild(client, {
    application,
    before,
    spec: {
      source,
      ...(options === undefined ? {} : { build: deepCopy(options) as NonNullable<Build["spec"]["build"]> }),
      requestedBy: session.person.name,
      ...(source.bundle?.revision === undefined
        ? {}
        : {
            trigger: { kind: "Push", ...(source.bundle.ref === undefined ? {} : { ref: source.bundle.ref }) },
          }),
    },
    annotations: {
      ...(requestId === undefined ? {} : { [REQUEST_ID_ANNOTATION]: requestId }),
      ...(forcer === undefined ? {} : { [FORCED_BY_ANNOTATION]: forcer }),
    },
  });
  return {
    system,
    application: app,
    generation: application.metadata.generation ?? 0,
    build: build.metadata.name,
    changed: true,
  };
}

async function writeApplication(
  { client, person }: Session,
  { system, app }: AppParams,
  { forcer, ...request }: DeployRequest & { forcer: string | undefined },
): Promise<Stored<Application>> {
  const key = { namespace: system, name: app };
  return retryOnConflict(async () => {
    let present: Stored<Application>;
    try {
      present = await client.get(Applications, key);
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
      const spec = { ...applied({}, request), source: request.source };
      return client.create(Applications, signed(newApplication({ system, app }, spec), person.name, forcer));
    }
    const wanted = deepCopy(present) as Application;
    return client.update(
      Applications,
      signed(
        { ...wanted, spec: { ...applied(wanted.spec, request), source: request.source } },
        person.name,
        forcer,
      ),
    );
  });
}
