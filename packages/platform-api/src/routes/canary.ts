import {
  ABORT_ANNOTATION,
  type Accepted,
  type Application,
  Applications,
  CANARY_TRAFFIC_ANNOTATION,
  type CanaryRequest,
  type CanaryView,
  canaryName,
  Ingresses,
  PLATFORM_ROUTES,
  PROMOTE_ANNOTATION,
  type RolloutStatus,
  readCanaryTraffic,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { rolloutUnderWay } from "../explain/facts.ts";
import { sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, CANARY } from "./schemas.ts";

/** How a release is being tried, and what a person decides about it. */
export function canaryRoutes(server: FastifyInstance): void {
  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.canary,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<CanaryView> => {
      const { client } = sessionOf(request);
      return canaryView(client, await requireApplication(client, request.params));
    },
  );

  server.post<{ Params: AppParams; Body: CanaryRequest }>(
    PLATFORM_ROUTES.canary,
    { schema: { params: APP_PARAMS, body: CANARY } },
    async (request, reply): Promise<Accepted> => {
      const { client } = sessionOf(request);
      const application = await requireApplication(client, request.params);
      const [annotation, value] = decision(application, request.body);
      const changed = application.metadata.annotations?.[annotation] !== value;
      const body = { metadata: { annotations: { [annotation]: value } } };
      const { system: namespace, app: name } = request.params;
      const { metadata } = changed
        ? await client.patch(Applications, { namespace, name }, { type: "merge", body })
        : application;
      reply.code(202);
      return { system: namespace, application: name, generation: metadata.generation ?? 0, changed };
    },
  );
}

async function canaryView(client: Client, { metadata, status }: Stored<Application>): Promise<CanaryView> {
  const traffic = await trafficOf(client, metadata.namespace ?? "", metadata.name);
  return {
    system: metadata.namespace ?? "",
    application: metadata.name,
    ...(status?.currentRelease === undefined ? {} : { release: status.currentRelease }),
    ...(status?.rollout === undefined ? {} : { rollout: status.rollout as RolloutStatus }),
    ...(traffic === undefined ? {} : { traffic }),
  };
}

async function trafficOf(client: Client, namespace: string, app: string): Promise<CanaryView["traffic"]> {
  try {
    const { metadata } = await client.get(Ingresses, { namespace, name: canaryName(app) });
    return readCanaryTraffic(metadata.annotations?.[CANARY_TRAFFIC_ANNOTATION]);
  } catch (error) {
    if (isStatus(error, "NotFound", "Forbidden")) return undefined;
    throw error;
  }
}

/** The annotation by which the controllers learn of it. It names what it is about, so that it is never of another. */
function decision(
  application: Stored<Application>,
  { action, all = false }: CanaryRequest,
): [string, string] {
  const { metadata, spec, status } = application;
  const { name, namespace } = metadata;
  const hint = `See how it stands: jdos canary status --system ${namespace} --app ${name}`;
  const rollout = rolloutUnderWay(application);
  if (action === "abort") {
    const serving = status?.currentRelease;
    if (spec.release === undefined || serving === undefined || serving === spec.release)
      throw new PlatformError(
        "Conflict",
        `Cannot abort a rollout of application "${name}": ${serving === undefined ? "no release served before" : `release ${serving} serves and no other is being rolled out`}`,
        { hint },
      );
    return [ABORT_ANNOTATION, String(spec.release)];
  }
  if (rollout?.strategy === "InPlace")
    throw new PlatformError(
      "Conflict",
      `Cannot promote a release of application "${name}": release ${rollout.release} takes over in place, and waits for nobody`,
      { hint },
    );
  if (rollout === undefined || rollout.phase === "Promoting" || rollout.phase === "Finishing")
    throw new PlatformError(
      "Conflict",
      `Cannot promote a release of application "${name}": ${rollout === undefined ? "none is being tried" : `release ${rollout.release} is being promoted`}`,
      { hint },
    );
  return [PROMOTE_ANNOTATION, `${rollout.release}/${all ? "all" : (rollout.step ?? 1)}`];
}
