import {
  type Accepted,
  type Application,
  type ListOf,
  PLATFORM_ROUTES,
  type Release,
  type ReleaseDiff,
  Releases,
  type ReleaseView,
  type RollbackRequest,
} from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { conditionOf } from "../explain/facts.ts";
import { releaseView } from "../views/release-view.ts";
import { sessionOf } from "./context.ts";
import { diffReleases } from "./diff-releases.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { passFreeze } from "./freeze.ts";
import { APP_PARAMS, DIFF_QUERY, ROLLBACK } from "./schemas.ts";
import { changeApplication } from "./write.ts";

export function releaseRoutes(server: FastifyInstance): void {
  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.releases,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ListOf<ReleaseView>> => {
      const { client } = sessionOf(request);
      const application = await requireApplication(client, request.params);
      const releases = await releasesOf(client, request.params);
      return { items: releases.map((release) => releaseView(release, application)) };
    },
  );

  server.get<{ Params: AppParams; Querystring: { from?: number; to?: number } }>(
    PLATFORM_ROUTES.releasesDiff,
    { schema: { params: APP_PARAMS, querystring: DIFF_QUERY } },
    async (request): Promise<ReleaseDiff> => {
      const { client } = sessionOf(request);
      const { system, app } = request.params;
      const { spec } = await requireApplication(client, request.params);
      const releases = await releasesOf(client, request.params);
      const to = requireRelease(releases, request.query.to ?? spec.release ?? 0, request.params);
      const before = releases.find(({ spec: each }) => each.number < to.spec.number)?.spec.number ?? 0;
      const from = requireRelease(releases, request.query.from ?? before, request.params);
      const changes = diffReleases(from, to);
      return { system, application: app, from: from.spec.number, to: to.spec.number, changes };
    },
  );

  server.post<{ Params: AppParams; Body: RollbackRequest | null }>(
    PLATFORM_ROUTES.rollback,
    { schema: { params: APP_PARAMS, body: ROLLBACK } },
    async (request, reply): Promise<Accepted> => {
      const session = sessionOf(request);
      const application = await requireApplication(session.client, request.params);
      const releases = await releasesOf(session.client, request.params);
      const target = rollbackTarget(
        releases,
        application.spec.release,
        request.body?.release,
        request.params,
      );
      const forcer = await passFreeze(session, request.params, request.body?.force);
      reply.code(202);
      const back = (spec: Application["spec"]) => ({ ...spec, rollbackTo: target });
      return changeApplication(session, request.params, back, forcer);
    },
  );
}

function requireRelease(
  releases: readonly Stored<Release>[],
  number: number,
  { system, app }: AppParams,
): Stored<Release> {
  const found = releases.find(({ spec }) => spec.number === number);
  if (found !== undefined) return found;
  throw new PlatformError(
    "NotFound",
    number === 0
      ? `Cannot compare releases of application "${app}": there are not two of them`
      : `Cannot compare release ${number} of application "${app}": it does not exist`,
    { hint: `See its releases: jdos releases --system ${system} --app ${app}` },
  );
}

/** The newest first. */
export async function releasesOf(client: Client, { system, app }: AppParams): Promise<Stored<Release>[]> {
  const { items } = await client.list(Releases, { namespace: system });
  return items
    .filter(({ spec }) => spec.application === app)
    .toSorted((a, b) => b.spec.number - a.spec.number);
}

/** The release to return to: the one asked for, else the newest before the current one that is not a copy of it. */
export function rollbackTarget(
  releases: readonly Stored<Release>[],
  current: number | undefined,
  asked: number | undefined,
  { system, app }: AppParams,
): number {
  const hint = `See its releases: jdos releases --system ${system} --app ${app}`;
  if (asked !== undefined) {
    const wanted = releases.find(({ spec }) => spec.number === asked);
    if (wanted === undefined)
      throw new PlatformError(
        "NotFound",
        `Cannot return to release ${asked} of application "${app}": it does not exist`,
        { hint },
      );
    if (conditionOf(wanted, "Intact")?.status === "False")
      throw new PlatformError(
        "Conflict",
        `Cannot return to release ${asked} of application "${app}": it was changed after it was made`,
        { hint },
      );
    if (asked === current)
      throw new PlatformError(
        "Conflict",
        `Cannot return to release ${asked} of application "${app}": it is the current one`,
        { hint },
      );
    return asked;
  }
  const present = releases.find(({ spec }) => spec.number === current);
  // After a rollback the one before means the one before the release that was returned to.
  const before = present?.spec.rollbackTo ?? current ?? 0;
  const target = releases.find(({ spec }) => spec.number < before);
  if (target === undefined)
    throw new PlatformError(
      "NothingToDeploy",
      `Cannot return to an earlier release of application "${app}": there is none before release ${before}`,
      { hint },
    );
  return target.spec.number;
}
