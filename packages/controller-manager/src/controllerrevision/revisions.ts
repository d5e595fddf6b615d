import { createHash } from "node:crypto";
import { type ControllerRevision, ControllerRevisions, type PodTemplateSpec } from "@jdos/api";
import {
  controllerOf,
  controllerReference,
  type DeepReadonly,
  deepCopy,
  deepEqual,
  isStatus,
  type KubeObject,
  keyOf,
} from "@jdos/apimachinery";
import type { Client, InformerFactory, Stored } from "@jdos/client";

export const REVISION_LABEL = "controller-revision-hash";
const BY_OWNER = "controller-uid";

export function indexRevisions(informers: InformerFactory): void {
  informers.for(ControllerRevisions).addIndex(BY_OWNER, (revision) => {
    const owner = controllerOf(revision);
    return owner === undefined ? [] : [owner.uid];
  });
}

/** The recorded templates of an owner, oldest first. */
export function revisionsOf(
  informers: InformerFactory,
  owner: Stored<KubeObject>,
): Stored<ControllerRevision>[] {
  const found = informers.for(ControllerRevisions).lister.byIndex(BY_OWNER, owner.metadata.uid);
  return [...found].sort((a, b) => a.revision - b.revision);
}

type Template = DeepReadonly<PodTemplateSpec>;

/** The template as kubectl's rollout undo applies it. */
function dataOf(template: Template): object {
  return { spec: { template: { ...deepCopy<PodTemplateSpec>(template), $patch: "replace" } } };
}

/** The template that a revision recorded. */
export function templateOf({ data }: Stored<ControllerRevision>): PodTemplateSpec {
  const { $patch: _, ...template } = (data as { spec: { template: PodTemplateSpec & { $patch?: string } } })
    .spec.template;
  return deepCopy<PodTemplateSpec>(template);
}

/** The hash that Pods of this revision carry as a label. */
export function hashOf(revision: Stored<ControllerRevision>): string {
  return revision.metadata.labels?.[REVISION_LABEL] ?? "";
}

export interface RecordOptions {
  client: Client;
  informers: InformerFactory;
  template: Template;
  /** Labels by which kubectl finds the revisions: those of the owner's selector. */
  labels: Readonly<Record<string, string>>;
  /** Raised by the owner when a name was taken by another's template. */
  collisionCount?: number;
}

/** The revision of the present template, the newest of all; recorded or raised when it is not. */
export async function recordRevision(
  owner: Stored<KubeObject>,
  options: RecordOptions,
): Promise<Stored<ControllerRevision>> {
  const { client, informers, template } = options;
  const known = revisionsOf(informers, owner);
  const data = dataOf(template);
  const equal = known.findLast((revision) => deepEqual(revision.data, data));
  const newest = known.at(-1)?.revision ?? 0;
  if (equal !== undefined && equal.revision === newest) return equal;
  if (equal !== undefined) return client.update(ControllerRevisions, { ...equal, revision: newest + 1 });
  return createRevision(owner, { ...options, data, revision: newest + 1 });
}

async function createRevision(
  owner: Stored<KubeObject>,
  { client, labels, data, revision, collisionCount = 0 }: RecordOptions & { data: object; revision: number },
): Promise<Stored<ControllerRevision>> {
  const hash = createHash("sha256")
    .update(`${JSON.stringify(data)}#${collisionCount}`)
    .digest("hex")
    .slice(0, 10);
  const { namespace, name, annotations = {} } = owner.metadata;
  const { "kubectl.kubernetes.io/last-applied-configuration": _, ...kept } = annotations;
  const metadata = {
    namespace,
    name: `${name}-${hash}`,
    labels: { ...labels, [REVISION_LABEL]: hash },
    annotations: { ...kept },
    ownerReferences: [controllerReference(owner)],
  };
  try {
    return await client.create(ControllerRevisions, {
      metadata,
      data: data as ControllerRevision["data"],
      revision,
    });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
    const present = await client.get(ControllerRevisions, { namespace, name: metadata.name });
    if (controllerOf(present)?.uid === owner.metadata.uid && deepEqual(present.data, data)) return present;
    throw error;
  }
}

/** Deletes the oldest revisions beyond the limit that no Pod is of. */
export async function pruneRevisions(
  client: Client,
  revisions: readonly Stored<ControllerRevision>[],
  { keep, live }: { keep: number; live: ReadonlySet<string> },
): Promise<void> {
  const idle = revisions.filter((revision) => !live.has(hashOf(revision)));
  for (const revision of idle.slice(0, Math.max(0, idle.length - keep))) {
    try {
      await client.delete(ControllerRevisions, keyOf(revision), {
        preconditions: { uid: revision.metadata.uid },
      });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}
