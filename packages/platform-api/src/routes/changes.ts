import {
  type Accepted,
  type Application,
  type ApplicationEnv,
  type EnvRequest,
  type EnvView,
  PLATFORM_ROUTES,
  type ScaleRequest,
} from "@jdos/api";
import { deepCopy } from "@jdos/apimachinery";
import type { FastifyInstance } from "fastify";
import { sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { passFreeze } from "./freeze.ts";
import { APP_PARAMS, ENV, SCALE } from "./schemas.ts";
import { requireSecretKey } from "./secrets.ts";
import { changeApplication } from "./write.ts";

export function changeRoutes(server: FastifyInstance): void {
  server.put<{ Params: AppParams; Body: ScaleRequest }>(
    PLATFORM_ROUTES.scale,
    { schema: { params: APP_PARAMS, body: SCALE } },
    async (request, reply): Promise<Accepted> => {
      reply.code(202);
      return changeApplication(sessionOf(request), request.params, (spec) => ({
        ...spec,
        replicas: request.body.replicas,
      }));
    },
  );

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.env,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<EnvView> => {
      const { spec } = await requireApplication(sessionOf(request).client, request.params);
      return { items: deepCopy(spec.run?.env ?? []) as EnvView["items"] };
    },
  );

  server.patch<{ Params: AppParams; Body: EnvRequest }>(
    PLATFORM_ROUTES.env,
    { schema: { params: APP_PARAMS, body: ENV } },
    async (request, reply): Promise<Accepted> => {
      const session = sessionOf(request);
      const { secrets = {}, force } = request.body;
      for (const secret of Object.values(secrets))
        await requireSecretKey(session.client, request.params.system, secret);
      const forcer = await passFreeze(session, request.params, force);
      reply.code(202);
      return changeApplication(session, request.params, (spec) => withEnv(spec, request.body), forcer);
    },
  );
}

/** Keeps the order of what is there; new names come last. */
function withEnv(
  spec: Application["spec"],
  { set = {}, secrets = {}, unset = [] }: EnvRequest,
): Application["spec"] {
  const given = new Map<string, ApplicationEnv>([
    ...Object.entries(set).map(([name, value]) => [name, { name, value }] as const),
    ...Object.entries(secrets).map(([name, secret]) => [name, { name, secret }] as const),
  ]);
  const kept = (spec.run?.env ?? [])
    .filter(({ name }) => !unset.includes(name))
    .map((entry) => given.get(entry.name) ?? entry);
  const known = new Set(kept.map(({ name }) => name));
  const env = [...kept, ...[...given.values()].filter(({ name }) => !known.has(name))];
  // No variables before and after: not a change, so that no Release comes of it.
  if (env.length === 0 && spec.run?.env === undefined) return spec;
  return { ...spec, run: { ...spec.run, env } };
}
