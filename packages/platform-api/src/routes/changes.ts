import {
  type Accepted,
  type Application,
  type EnvRequest,
  type EnvView,
  PLATFORM_ROUTES,
  type ScaleRequest,
} from "@jdos/api";
import { deepCopy } from "@jdos/apimachinery";
import type { FastifyInstance } from "fastify";
import { sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, ENV, SCALE } from "./schemas.ts";
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
      reply.code(202);
      return changeApplication(sessionOf(request), request.params, (spec) => withEnv(spec, request.body));
    },
  );
}

/** Keeps the order of what is there; new names come last. */
function withEnv(spec: Application["spec"], { set = {}, unset = [] }: EnvRequest): Application["spec"] {
  const kept = (spec.run?.env ?? [])
    .filter(({ name }) => !unset.includes(name))
    .map((entry) => (Object.hasOwn(set, entry.name) ? { name: entry.name, value: set[entry.name]! } : entry));
  const known = new Set(kept.map(({ name }) => name));
  const added = Object.entries(set).flatMap(([name, value]) => (known.has(name) ? [] : [{ name, value }]));
  const env = [...kept, ...added];
  // No variables before and after: not a change, so that no Release comes of it.
  if (env.length === 0 && spec.run?.env === undefined) return spec;
  return { ...spec, run: { ...spec.run, env } };
}
