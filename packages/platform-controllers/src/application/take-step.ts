import { Applications, Builds, type Release, Releases, releaseName } from "@jdos/api";
import { releaseHash } from "@jdos/api/release-hash";
import { controllerReference, isStatus } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ReconcileContext } from "@jdos/controller-runtime";
import { RELEASED_LABEL, type Step, type World } from "./plan.ts";
import { labelsOf } from "./render/subject.ts";

/**
 * Takes a step in an order that survives being killed at any line: the Release, then the Application that names
 * it, then the mark on the Build. Returns the world as it is then.
 */
export async function takeStep(context: ReconcileContext, world: World, step: Step): Promise<World> {
  const { client, events } = context;
  const release = "create" in step.release ? await createRelease(context, world, step.release) : undefined;
  const number = "create" in step.release ? step.release.create.number : step.release.existing;
  let application = world.application;
  if (step.makeCurrent && (application.spec.release !== number || step.configuration !== undefined)) {
    application = await makeCurrent(context, world, { ...step, number });
    const why = release?.spec.reason ?? "made before";
    events.event(application, "Normal", "Released", `Release v${number} is current: ${why}`);
  }
  let { builds } = world;
  if (step.build !== undefined) {
    const marked = await client.patch(
      Builds,
      { ...keyFor(world), name: step.build },
      { type: "merge", body: { metadata: { labels: { [RELEASED_LABEL]: String(number) } } } },
    );
    builds = builds.map((build) => (build.metadata.name === step.build ? marked : build));
  }
  const others = world.releases.filter((other) => other.spec.number !== number);
  const same = release ?? world.releases.find((other) => other.spec.number === number);
  return { ...world, application, builds, releases: same === undefined ? others : [...others, same] };
}

interface Current extends Pick<Step, "configuration" | "sourceImage"> {
  number: number;
}

async function makeCurrent(
  { client }: ReconcileContext,
  world: World,
  { number, configuration, sourceImage }: Current,
): Promise<World["application"]> {
  const { application } = world;
  const { resourceVersion } = application.metadata;
  if (configuration === undefined) {
    // A rollback that was refused is over when something else becomes current; one asked for meanwhile is not.
    const refused = application.spec.rollbackTo !== undefined;
    const body = refused
      ? { metadata: { resourceVersion }, spec: { release: number, rollbackTo: null } }
      : { spec: { release: number } };
    return client.patch(Applications, keyFor(world), { type: "merge", body });
  }
  // A whole write under the lock: a merge would keep what the configuration returned to does not have.
  const { rollbackTo: _, run: __, routes: ___, ...rest } = application.spec;
  const source =
    sourceImage === undefined || rest.source?.image === undefined
      ? {}
      : { source: { image: { reference: sourceImage } } };
  const spec = { ...rest, release: number, ...configuration, ...source };
  return client.update(Applications, { ...application, spec });
}

type Creation = Extract<Step["release"], { create: unknown }>;

async function createRelease(
  { client }: ReconcileContext,
  world: World,
  { create, annotations }: Creation,
): Promise<Stored<Release>> {
  const { application } = world;
  const name = releaseName(application.metadata.name, create.number);
  try {
    return await client.create(Releases, {
      apiVersion: "jdos.io/v1",
      kind: "Release",
      metadata: {
        name,
        namespace: application.metadata.namespace,
        labels: labelsOf(application),
        ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
        ownerReferences: [controllerReference(application)],
      },
      spec: { ...create, hash: releaseHash(create) },
    });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
    // The cache was behind: an earlier run made it. What it says decides, not what would be written now.
    const existing = await client.get(Releases, { ...keyFor(world), name });
    if (existing.spec.hash === releaseHash(create)) return existing;
    throw error;
  }
}

function keyFor(world: World): { namespace: string; name: string } {
  const { name, namespace } = world.application.metadata;
  return { namespace: namespace ?? "", name };
}
