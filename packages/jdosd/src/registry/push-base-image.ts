import { openOciLayout } from "@jdos/component-base";
import { BASE_IMAGE } from "../host/image-recipe.ts";
import type { Context } from "../platform/context.ts";
import { pushImage } from "./push-image.ts";

/** Puts the base image into the registry, for the FROM of Dockerfiles and for stacks to build on. */
export async function pushBaseImage({ names, credentials }: Context, archive: string): Promise<void> {
  const [, repository, tag] = /^[^/]+\/(.+):([^:]+)$/.exec(BASE_IMAGE)!;
  await pushImage({
    layout: await openOciLayout(archive),
    image: BASE_IMAGE,
    registry: `http://${names.services.registry}:5000`,
    repository: repository!,
    tag: tag!,
    tokenUrl: `http://${names.pods.gateway}:${names.ports.platform}/registry/token`,
    user: "admin",
    password: credentials.platformToken,
  });
}
