import {
  type Accepted,
  type Application,
  Applications,
  PLATFORM_ROUTES,
  type PromoteRequest,
  promotedTag,
  type Release,
} from "@jdos/api";
import { deepCopy, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { conditionOf } from "../explain/facts.ts";
import { copyImage } from "../source/copy-image.ts";
import { mayBuild } from "./access.ts";
import { type RouteContext, type Session, sessionOf } from "./context.ts";
import { type AppParams, newApplication, requireApplication } from "./find-application.ts";
import { passFreeze } from "./freeze.ts";
import { releasesOf } from "./releases.ts";
import { APP_PARAMS, PROMOTE } from "./schemas.ts";
import { retryOnConflict, signed } from "./write.ts";

/** The image of one application's release, by the same digest, for another application: no build. */
export function promoteRoutes(server: FastifyInstance, context: RouteContext): void {
  server.post<{ Params: AppParams; Body: PromoteRequest }>(
    PLATFORM_ROUTES.promote,
    { schema: { params: APP_PARAMS, body: PROMOTE } },
    async (request, reply): Promise<Accepted> => {
      reply.code(202);
      return promote(sessionOf(request), request, context);
    },
  );
}

/** Whoever may read the source and deploy the target may: both are asked as the person, before anything is copied. */
async function promote(
  session: Session,
  { params, body }: { params: AppParams; body: PromoteRequest },
  context: RouteContext,
): Promise<Accepted> {
  const source = { system: body.from.system ?? params.system, app: body.from.app };
  if (source.system === params.system && source.app === params.app)
    throw new PlatformError("Invalid", `Cannot promote application "${params.app}" to itself`, {
      hint: `To return to a release of it: jdos rollback VERSION --system ${params.system} --app ${params.app}`,
      field: "from.app",
    });
  const release = await releaseToPromote(session.client, source, body.from.release);
  await mayBuild(session.client, params);
  const forcer = await passFreeze(session, params, body.force);
  const reference = await pullable(session, { release, source, target: params }, context);
  const image: Image = {
    reference,
    promotedFrom: { system: source.system, application: source.app, release: release.spec.number },
    request: body.requestId ?? String(Date.now()),
  };
  return write(session, params, { image, release, forcer });
}

type Image = NonNullable<NonNullable<Application["spec"]["source"]>["image"]>;

async function releaseToPromote(
  client: Client,
  source: AppParams,
  asked: number | undefined,
): Promise<Stored<Release>> {
  const { status, spec } = await requireApplication(client, source);
  const number = asked ?? status?.currentRelease ?? spec.release;
  const hint = `See its releases: jdos releases --system ${source.system} --app ${source.app}`;
  const release = (await releasesOf(client, source)).find((each) => each.spec.number === number);
  if (release === undefined)
    throw new PlatformError(
      number === undefined ? "NothingToDeploy" : "NotFound",
      number === undefined
        ? `Cannot promote application "${source.app}": it has no release yet`
        : `Cannot promote release ${number} of application "${source.app}": it does not exist`,
      { hint },
    );
  if (conditionOf(release, "Intact")?.status === "False")
    throw new PlatformError(
      "Conflict",
      `Cannot promote release ${number} of application "${source.app}": it was changed after it was made`,
      { hint },
    );
  return release;
}

/** The reference under which the target pulls it: of its own repository where the image is in our registry. */
async function pullable(
  { person }: Session,
  { release, source, target }: { release: Stored<Release>; source: AppParams; target: AppParams },
  { registry, images }: RouteContext,
): Promise<string> {
  const { image } = release.spec;
  const [name = "", digest] = image.split("@");
  if (!images.isOwn(name)) return image;
  if (digest === undefined)
    throw new PlatformError("Conflict", `Cannot promote image "${image}": it is not named by a digest`, {
      hint: "Deploy it by digest first",
    });
  // Only a repository of the application itself: what it refers to elsewhere need not be the person's to read.
  const from = registry.repositoryOf(source.system, source.app);
  if (name !== images.nameOf(source.system, source.app))
    throw new PlatformError(
      "Conflict",
      `Cannot promote image "${image}": it is not of application "${source.app}"`,
      {
        hint: "Promote it from the application whose repository it is in",
      },
    );
  const to = registry.repositoryOf(target.system, target.app);
  const authorization = await registry.authorizeCopy(person.name, { from, to });
  const tag = promotedTag(digest);
  await copyImage({ registryUrl: registry.url, from, to, digest, tag, authorization });
  return `${images.nameOf(target.system, target.app)}@${digest}`;
}

interface Writing {
  image: Image;
  release: Stored<Release>;
  forcer: string | undefined;
}

async function write(
  { client, person }: Session,
  params: AppParams,
  { image, release, forcer }: Writing,
): Promise<Accepted> {
  const key = { namespace: params.system, name: params.app };
  const written = await retryOnConflict(async () => {
    const present = await find(client, params);
    const application =
      present === undefined ? inLikenessOf(release, params) : (deepCopy(present) as Application);
    const spec = { ...application.spec, source: { image } };
    if (present !== undefined && present.spec.source?.image?.request === image.request)
      return { application: present, changed: false };
    const wanted = signed({ ...application, spec }, person.name, forcer);
    return {
      application: await (present === undefined
        ? client.create(Applications, wanted)
        : client.update(Applications, wanted)),
      changed: true,
    };
  });
  const { generation = 0 } = written.application.metadata;
  return { system: key.namespace, application: key.name, generation, changed: written.changed };
}

async function find(client: Client, { system, app }: AppParams): Promise<Stored<Application> | undefined> {
  try {
    return await client.get(Applications, { namespace: system, name: app });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

/** A target that is not there runs as the source does; its variables and routes are its own. */
function inLikenessOf({ spec }: Stored<Release>, params: AppParams): Application {
  const { env: _, ...run } = deepCopy(spec.run) as Release["spec"]["run"];
  return newApplication(params, { run });
}
