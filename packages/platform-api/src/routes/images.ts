import {
  Applications,
  DELETE_IMAGES_ANNOTATION,
  type ImageView,
  imagesToDelete,
  type ListOf,
  PLATFORM_ROUTES,
} from "@jdos/api";
import { deepCopy } from "@jdos/apimachinery";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { readImages } from "../images/read-images.ts";
import { type RouteContext, type Session, sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, IMAGE_PARAMS, SYSTEM_PARAMS } from "./schemas.ts";
import { requireSystem } from "./systems.ts";
import { retryOnConflict } from "./write.ts";

type Context = Pick<RouteContext, "registry" | "images" | "imagePrefix" | "ownClient">;
type ImageParams = AppParams & { digest: string };

/** Applications whose repositories are read at once for one request. */
const AT_ONCE = 4;
/** Of one application asked to go at once. */
const MAX_DELETING = 20;

export function imageRoutes(server: FastifyInstance, context: Context): void {
  server.get<{ Params: { system: string } }>(
    PLATFORM_ROUTES.systemImages,
    { schema: { params: SYSTEM_PARAMS } },
    async (request): Promise<ListOf<ImageView>> => {
      const session = sessionOf(request);
      const { system } = request.params;
      await requireSystem(session.client, system);
      const { items } = await session.client.list(Applications, { namespace: system });
      const found: ImageView[][] = [];
      const queue = items.entries();
      const work = async (): Promise<void> => {
        for (const [at, application] of queue) found[at] = await readImages(session, application, context);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      return { items: found.flat() };
    },
  );

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.images,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ListOf<ImageView>> => {
      const session = sessionOf(request);
      const application = await requireApplication(session.client, request.params);
      return { items: await readImages(session, application, context) };
    },
  );

  server.delete<{ Params: ImageParams }>(
    PLATFORM_ROUTES.image,
    { schema: { params: IMAGE_PARAMS } },
    async (request, reply): Promise<ImageView> => {
      const session = sessionOf(request);
      reply.code(202);
      return { ...(await askToGo(session, request.params, context)), deleting: true };
    },
  );
}

/** Who keeps the registry deletes it: it knows what of other systems needs it, and looks once more before it does. */
async function askToGo(session: Session, params: ImageParams, context: Context): Promise<ImageView> {
  const { client } = session;
  const application = await requireApplication(client, params);
  const image = imageOf(await readImages(session, application, context), params);
  const [need] = image.neededBy;
  if (need !== undefined)
    throw new PlatformError("Conflict", `Cannot delete image ${short(image.digest)}: ${need}`, {
      hint:
        image.keep === "rollback" || image.keep === "build"
          ? "It goes by itself when no release and build of it is kept: historyLimit of the application says how many are"
          : `See what needs it: jdos images --system ${params.system} --app ${params.app}`,
    });
  await retryOnConflict(async () => {
    const present = await requireApplication(client, params);
    const asked = new Set(imagesToDelete(present.metadata.annotations));
    if (asked.has(image.digest)) return;
    if (asked.size >= MAX_DELETING)
      throw new PlatformError("Conflict", `Cannot delete more images yet: ${asked.size} are being deleted`, {
        hint: "Wait until they are gone",
      });
    const { metadata, ...rest } = deepCopy(present) as typeof present;
    const annotations = {
      ...metadata.annotations,
      [DELETE_IMAGES_ANNOTATION]: [...asked, image.digest].join(","),
    };
    await client.update(Applications, { ...rest, metadata: { ...metadata, annotations } });
  });
  return image;
}

/** @throws PlatformError NotFound; Conflict where it may be several */
function imageOf(images: readonly ImageView[], { digest, system, app }: ImageParams): ImageView {
  const wanted = digest.replace(/^sha256:/, "");
  const found = images.filter((image) => image.digest.slice(7).startsWith(wanted));
  const [image] = found;
  const hint = `See them: jdos images --system ${system} --app ${app}`;
  if (image === undefined || image.missing === true)
    throw new PlatformError("NotFound", `Application "${app}" has no image "${digest}" in the registry`, {
      hint,
    });
  if (found.length > 1)
    throw new PlatformError(
      "Conflict",
      `Cannot tell which image "${digest}" is: ${found.length} begin with it`,
      { hint },
    );
  return image;
}

function short(digest: string): string {
  return digest.slice(0, 19);
}
