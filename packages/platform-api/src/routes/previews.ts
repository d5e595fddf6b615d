import {
  type Application,
  Applications,
  type ListOf,
  PLATFORM_ROUTES,
  PREVIEW_CHANGED_ANNOTATION,
  PREVIEW_DEFAULTS,
  PREVIEW_OF_LABEL,
  type PreviewView,
  PULL_REQUEST_LABEL,
} from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { applicationView } from "../views/application-view.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, PREVIEW_PARAMS } from "./schemas.ts";

export function previewRoutes(server: FastifyInstance, { routes }: RouteContext): void {
  const viewOf = (parent: Stored<Application>) => (preview: Stored<Application>) =>
    previewView(preview, parent, routes);

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.previews,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ListOf<PreviewView>> => {
      const { client } = sessionOf(request);
      const parent = await requireApplication(client, request.params);
      const items = (await previewsOf(client, request.params)).map(viewOf(parent));
      return { items: items.sort((a, b) => a.pullRequest - b.pullRequest) };
    },
  );

  server.delete<{ Params: AppParams & { number: number } }>(
    PLATFORM_ROUTES.preview,
    { schema: { params: PREVIEW_PARAMS } },
    async (request, reply): Promise<PreviewView> => {
      const { client } = sessionOf(request);
      const { system, app, number } = request.params;
      const parent = await requireApplication(client, request.params);
      const found = (await previewsOf(client, request.params)).find(
        ({ metadata }) => metadata.labels?.[PULL_REQUEST_LABEL] === String(number),
      );
      if (found === undefined)
        throw new PlatformError("NotFound", `Application "${app}" has no preview of pull request ${number}`, {
          hint: `See what there is: jdos preview list --system ${system} --app ${app}`,
        });
      const { name, uid } = found.metadata;
      await client.delete(Applications, { namespace: system, name }, { preconditions: { uid } });
      reply.code(202);
      return { ...viewOf(parent)(found), state: "Deleting" };
    },
  );
}

async function previewsOf(
  client: Client,
  { system, app }: AppParams,
): Promise<readonly Stored<Application>[]> {
  const labelSelector = `${PREVIEW_OF_LABEL}=${app}`;
  return (await client.list(Applications, { namespace: system, labelSelector })).items;
}

function previewView(
  preview: Stored<Application>,
  parent: Stored<Application>,
  routes: RouteContext["routes"],
): PreviewView {
  const { name, state, message, url = "", latestBuild } = applicationView(preview, { routes });
  const { labels, annotations, creationTimestamp } = preview.metadata;
  const changedAt = annotations?.[PREVIEW_CHANGED_ANNOTATION] ?? creationTimestamp;
  const hours = parent.spec.triggers?.previews?.expireAfterHours ?? PREVIEW_DEFAULTS.expireAfterHours;
  const revision = preview.spec.source?.git?.revision;
  return {
    name,
    pullRequest: Number(labels?.[PULL_REQUEST_LABEL] ?? 0),
    state,
    ...(message === undefined ? {} : { message }),
    url,
    ...(revision === undefined ? {} : { revision }),
    ...(latestBuild === undefined ? {} : { latestBuild }),
    changedAt,
    expiresAt: new Date(Date.parse(changedAt) + hours * 3_600_000).toISOString(),
  };
}
