import {
  type Application,
  Applications,
  PREVIEW_CHANGED_ANNOTATION,
  PREVIEW_DEFAULTS,
  PREVIEW_OF_LABEL,
  PULL_REQUEST_LABEL,
  previewName,
} from "@jdos/api";
import { changedBy } from "@jdos/api/change-author";
import { deepCopy, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

/** As long as the platform's names of applications may be. */
const MAX_NAME = 45;
/** A preview is not rolled back far. */
const HISTORY_LIMIT = 3;

export interface PreviewRequest {
  pullRequest: number;
  revision: string;
  requestedBy: string;
  now: Date;
}

export interface Refusal {
  refusal: string;
}

/**
 * The Application of a pull request, made or brought to its newest revision: the settings of the application it is
 * of, one Pod, an address of its own, no triggers. It goes when the application goes. "leaving": one before it is
 * still being deleted.
 */
export async function ensurePreview(
  client: Client,
  parent: Stored<Application>,
  request: PreviewRequest,
): Promise<Stored<Application> | Refusal | "leaving"> {
  const { namespace = "", name: of } = parent.metadata;
  const name = previewName(of, request.pullRequest);
  if (name.length > MAX_NAME)
    return {
      refusal: `The preview's name "${name}" is longer than ${MAX_NAME} characters: give the application a shorter one`,
    };
  const { items } = await client.list(Applications, { namespace });
  const present = items.find(({ metadata }) => metadata.name === name);
  if (present === undefined) {
    const others = items.filter(({ metadata }) => metadata.labels?.[PREVIEW_OF_LABEL] === of).length;
    const limit = parent.spec.triggers?.previews?.limit ?? PREVIEW_DEFAULTS.limit;
    if (others >= limit)
      return {
        refusal: `There are ${others} previews of "${of}", and it may have ${limit}: close a pull request, or delete one (jdos preview delete)`,
      };
    return client.create(Applications, render(parent, request));
  }
  if (present.metadata.labels?.[PREVIEW_OF_LABEL] !== of)
    return { refusal: `There is another application "${name}", which is no preview of "${of}"` };
  if (present.metadata.deletionTimestamp !== undefined) return "leaving";
  return client.update(Applications, render(parent, request, deepCopy(present) as Application));
}

/** With `present`, what others wrote into its metadata and what runs stays. */
function render(
  parent: Stored<Application>,
  { pullRequest, revision, requestedBy, now }: PreviewRequest,
  present?: Application,
): Application {
  const { namespace = "", name, uid } = parent.metadata;
  const { source, build, run } = deepCopy(parent.spec) as Application["spec"];
  const kept = { ...present?.spec };
  delete kept.build;
  delete kept.run;
  const spec: Application["spec"] = {
    ...kept,
    source: { git: { ...source?.git, url: source?.git?.url ?? "", revision } },
    ...(build === undefined ? {} : { build }),
    ...(run === undefined ? {} : { run }),
    replicas: present?.spec.replicas ?? 1,
    deployPolicy: "Automatic",
    historyLimit: HISTORY_LIMIT,
  };
  return {
    apiVersion: "jdos.io/v1",
    kind: "Application",
    metadata: {
      ...present?.metadata,
      name: previewName(name, pullRequest),
      namespace,
      labels: {
        ...present?.metadata?.labels,
        [PREVIEW_OF_LABEL]: name,
        [PULL_REQUEST_LABEL]: String(pullRequest),
      },
      annotations: {
        ...present?.metadata?.annotations,
        ...changedBy(spec, requestedBy),
        [PREVIEW_CHANGED_ANNOTATION]: now.toISOString(),
      },
      // Not its controller: it is rendered by nobody, and goes with it all the same.
      ownerReferences: [{ apiVersion: "jdos.io/v1", kind: "Application", name, uid }],
    },
    spec,
  };
}

/** Deletes the preview of a pull request; undefined: there is none. */
export async function removePreview(
  client: Client,
  parent: Stored<Application>,
  pullRequest: number,
): Promise<string | undefined> {
  const key = {
    namespace: parent.metadata.namespace ?? "",
    name: previewName(parent.metadata.name, pullRequest),
  };
  try {
    const preview = await client.get(Applications, key);
    if (preview.metadata.labels?.[PREVIEW_OF_LABEL] !== parent.metadata.name) return undefined;
    await client.delete(Applications, key, { preconditions: { uid: preview.metadata.uid } });
    return key.name;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
