import { Applications, DELETE_IMAGES_ANNOTATION, imagesToDelete } from "@jdos/api";
import { deepCopy, type KubeObject, type ObjectKey } from "@jdos/apimachinery";
import type { Keeper } from "@jdos/component-base/image-retention";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import type { Retention } from "./retention.ts";

/** Until a build has ended. */
const BUSY_SECONDS = 5;

/** Deletes the images that an Application's annotation asks to go, unless something needs them, and says so. */
export function imageDeletionController(retention: Retention): ControllerOptions {
  return {
    name: "image-deletion",
    for: Applications,
    concurrency: 1,
    reconcile: (context, key) => reconcile(context, key, retention),
  };
}

async function reconcile(
  { client, informers, events }: ReconcileContext,
  key: ObjectKey,
  retention: Retention,
): Promise<Result | undefined> {
  const application = informers.for(Applications).lister.get(key);
  const digests = imagesToDelete(application?.metadata.annotations);
  if (application === undefined || digests.length === 0) return undefined;
  const asked = await retention.deleteNow(`${key.namespace}.${key.name}`, new Set(digests));
  if (asked === "busy") return { requeueAfterSeconds: BUSY_SECONDS };
  const say = (reason: string, message: string): void =>
    events.event(application, "Warning", reason, message);
  if (asked === undefined)
    say("ImageNotDeleted", "Images are deleted by the registry's own rules, not by JDOS");
  for (const { digest, keptBy } of asked?.kept ?? [])
    say("ImageKept", `Image ${digest} is not deleted: ${keptBy.map(sentence).join(", ")}`);
  for (const digest of asked?.refused ?? [])
    say(
      "ImageNotDeleted",
      `Image ${digest} is not deleted: the registry refuses it to the platform's account`,
    );
  // Onto what was read: who asks for another one meanwhile is asked again.
  const wanted = deepCopy(application) as KubeObject & typeof application;
  delete (wanted.metadata.annotations as Record<string, string>)[DELETE_IMAGES_ANNOTATION];
  await client.update(Applications, wanted);
  return undefined;
}

function sentence(keeper: Keeper): string {
  switch (keeper.by) {
    case "object":
      return `${keeper.kind} ${keeper.namespace}/${keeper.name} names it`;
    case "build":
      return `build ${keeper.name}, which made it, is kept`;
    case "tag":
      return `tag "${keeper.name}" is not the platform's`;
    case "newest":
      return "the next build shares its layers";
    case "recent":
      return "it was pushed just now";
    case "image":
      return "an image that stays has it";
  }
}
