import {
  Builds,
  type ImageVerification,
  PLATFORM_ROUTES,
  type Release,
  Releases,
  releaseName,
  type SigningKeyView,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { ArtifactStore, readVerifyingKey, type VerifyingKey } from "@jdos/component-base/attestation";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { verifyImage } from "../verify/verify-image.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, VERIFICATION_QUERY } from "./schemas.ts";

type Context = Pick<RouteContext, "registry" | "images" | "imagePrefix" | "signingPublicKey">;

export function verificationRoutes(server: FastifyInstance, context: Context): void {
  server.get(PLATFORM_ROUTES.signingKey, async (request): Promise<SigningKeyView> => {
    sessionOf(request);
    const { id, publicKey } = requireKey(context);
    return { id, publicKey };
  });

  server.get<{ Params: AppParams; Querystring: { release?: number } }>(
    PLATFORM_ROUTES.verification,
    { schema: { params: APP_PARAMS, querystring: VERIFICATION_QUERY } },
    async (request): Promise<ImageVerification> => {
      const { client, person } = sessionOf(request);
      const key = requireKey(context);
      const { system, app } = request.params;
      const application = await requireApplication(client, request.params);
      const number = request.query.release ?? application.spec.release;
      if (number === undefined)
        throw new PlatformError("NotFound", `Application "${app}" has no current release`, {
          hint: "Deploy it, or name a release",
        });
      const { spec } = await requireRelease(client, request.params, number);
      const { repository, path, digest } = placeOf(builtAs(spec, context), context);
      // The registry is read in the person's name, which is no right: what they may see there says the API server.
      const { system: from = "", application: origin = "" } = context.images.applicationOf(repository) ?? {};
      if (from !== system || origin !== app) await requireApplication(client, { system: from, app: origin });
      const authorization = await context.registry.authorize(person.name, path, "pull");
      const { url } = context.registry;
      const store = new ArtifactStore({
        url,
        repository: path,
        ...(authorization === undefined ? {} : { authorization }),
      });
      const build = await buildOf(client, system, spec.build);
      const found = await verify(() =>
        verifyImage({ store, key, repository, digest, ...(build === undefined ? {} : { build }) }),
      );
      return {
        system,
        application: app,
        release: number,
        image: spec.image,
        verified: found.checks.every(({ passed }) => passed),
        keyId: key.id,
        ...found,
      };
    },
  );
}

async function verify<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (cause) {
    if (cause instanceof PlatformError) throw cause;
    throw new PlatformError("Unavailable", `Cannot reach the registry: ${(cause as Error).message}`, {
      hint: "It may be starting: see jdos status, then try again",
      cause,
    });
  }
}

function requireKey({ signingPublicKey }: Context): VerifyingKey {
  if (signingPublicKey !== undefined) return readVerifyingKey(signingPublicKey);
  throw new PlatformError("NotFound", "This platform signs no images: it has no key", {
    hint: "See docs/supply-chain.md",
  });
}

async function requireRelease(
  client: Client,
  { system, app }: AppParams,
  number: number,
): Promise<Stored<Release>> {
  try {
    return await client.get(Releases, { namespace: system, name: releaseName(app, number) });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    throw new PlatformError("NotFound", `Application "${app}" has no release ${number}`, {
      hint: `jdos releases --system ${system} --app ${app}`,
      cause: error,
    });
  }
}

/** The image as its build named it: one that was promoted was signed where it came from. */
function builtAs({ image, promotedFrom }: Stored<Release>["spec"], { images }: Context): string {
  if (promotedFrom === undefined) return image;
  const { system, application } = promotedFrom;
  return `${images.nameOf(system, application)}@${image.split("@")[1]}`;
}

/** Where an image of this platform is. */
function placeOf(
  image: string,
  { imagePrefix }: Context,
): { repository: string; path: string; digest: string } {
  const [repository = "", digest] = image.split("@");
  const host = imagePrefix.split("/")[0] ?? "";
  if (digest === undefined || !repository.startsWith(imagePrefix))
    throw new PlatformError("Conflict", `Image "${image}" was not built by this platform`, {
      hint: "Only images that builds made are signed",
    });
  return { repository, path: repository.slice(host.length + 1), digest };
}

/** Old Builds are pruned: then their name is what there is. */
async function buildOf(
  client: Client,
  system: string,
  name: string | undefined,
): Promise<{ name: string; uid?: string } | undefined> {
  if (name === undefined) return undefined;
  try {
    const { metadata } = await client.get(Builds, { namespace: system, name });
    return { name, uid: metadata.uid };
  } catch (error) {
    if (isStatus(error, "NotFound")) return { name };
    throw error;
  }
}
