import { type Build, Builds, type BuildView, type ListOf, type LogLine, PLATFORM_ROUTES } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { type Client, followObjects, type Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { readBuildLog } from "../logs/pod-log.ts";
import { sendNdjson } from "../streams/ndjson.ts";
import { buildView } from "../views/build-view.ts";
import { sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, BUILD_LOG_QUERY, BUILD_PARAMS } from "./schemas.ts";

type BuildParams = AppParams & { number: number };

export function buildRoutes(server: FastifyInstance): void {
  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.builds,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ListOf<BuildView>> => {
      const { client } = sessionOf(request);
      await requireApplication(client, request.params);
      const { items } = await client.list(Builds, { namespace: request.params.system });
      const own = items.filter(({ spec }) => spec.application === request.params.app);
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
      const { client } = sessionOf(request);
      const build = await requireBuild(client, request.params);
      const follow = request.query.follow === true;
      if (!follow) requirePod(build);
      await sendNdjson(reply, (signal) => buildLog({ client, build, follow, signal }));
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

function requirePod(build: Stored<Build>): string {
  const pod = build.status?.pod;
  if (pod !== undefined) return pod;
  throw new PlatformError(
    "NotFound",
    `Cannot read the log of build ${build.spec.number}: it has not started`,
    { hint: "Wait a moment and ask again" },
  );
}

interface BuildLogOptions {
  client: Client;
  build: Stored<Build>;
  follow: boolean;
  signal: AbortSignal;
}

async function* buildLog({ client, build, follow, signal }: BuildLogOptions): AsyncGenerator<LogLine> {
  const namespace = build.metadata.namespace ?? "";
  const pod = follow ? await startedPod(client, build, signal) : build.status?.pod;
  if (pod === undefined) return;
  for await (const line of readBuildLog({ client, namespace, pod, follow, signal })) yield { pod, ...line };
}

/** Waits until the build's Pod is known and has begun; undefined when the build ended without one. */
async function startedPod(
  client: Client,
  build: Stored<Build>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { namespace = "", name } = build.metadata;
  for await (const [found] of followObjects(client, Builds, {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    signal,
  })) {
    if (found === undefined) return undefined;
    if (found.status?.pod !== undefined && found.status.phase !== "Pending") return found.status.pod;
    if (found.status?.phase === "Failed") return undefined;
  }
  return undefined;
}
