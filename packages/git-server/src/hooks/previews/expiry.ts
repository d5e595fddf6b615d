import {
  type Application,
  Applications,
  PREVIEW_CHANGED_ANNOTATION,
  PREVIEW_DEFAULTS,
  PREVIEW_OF_LABEL,
} from "@jdos/api";
import { isStatus, type ObjectKey } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";

/** Deletes previews that nothing came for in their time. */
export function previewExpiryController(): ControllerOptions {
  return {
    name: "preview-expiry",
    for: Applications,
    watches: [
      {
        type: Applications,
        keys: (parent, informers) =>
          informers
            .for(Applications)
            .lister.list(parent.metadata.namespace ?? "")
            .filter(({ metadata }) => metadata.labels?.[PREVIEW_OF_LABEL] === parent.metadata.name)
            .map(({ metadata }) => ({ namespace: metadata.namespace ?? "", name: metadata.name })),
      },
    ],
    reconcile: expire,
  };
}

/** When a preview ends, by what the application it is of says now. */
export function expiryOf(preview: Stored<Application>, parent: Stored<Application> | undefined): Date {
  const { annotations, creationTimestamp } = preview.metadata;
  const hours = parent?.spec.triggers?.previews?.expireAfterHours ?? PREVIEW_DEFAULTS.expireAfterHours;
  const changed = Date.parse(annotations?.[PREVIEW_CHANGED_ANNOTATION] ?? "");
  const since = Number.isNaN(changed) ? Date.parse(creationTimestamp) : changed;
  return new Date(since + hours * 3600 * 1000);
}

async function expire(context: ReconcileContext, key: ObjectKey): Promise<Result | undefined> {
  const { lister } = context.informers.for(Applications);
  const preview = lister.get(key);
  const of = preview?.metadata.labels?.[PREVIEW_OF_LABEL];
  if (preview === undefined || of === undefined || preview.metadata.deletionTimestamp !== undefined) return;
  const left =
    expiryOf(preview, lister.get({ namespace: key.namespace, name: of })).getTime() - context.now().getTime();
  if (left > 0) return { requeueAfterSeconds: Math.min(left / 1000 + 1, 3600) };
  context.log.info({ system: key.namespace, preview: key.name }, "Deleting a preview that expired");
  try {
    const { uid, resourceVersion } = preview.metadata;
    await context.client.delete(Applications, key, { preconditions: { uid, resourceVersion } });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
  return;
}
