import { type Accepted, type Application, Applications, type CreateApplicationRequest } from "@jdos/api";
import { changedBy, forcedAnnotations } from "@jdos/api/change-author";
import { deepCopy, deepEqual, isStatus } from "@jdos/apimachinery";
import type { Session } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";

const ATTEMPTS = 10;

/** Reads and writes again while somebody else was quicker. */
export async function retryOnConflict<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (!isStatus(error, "Conflict", "AlreadyExists") || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Changes an Application's spec, if the change is one, and says on it whose change it was. */
export async function changeApplication(
  { client, person }: Session,
  params: AppParams,
  change: (spec: Application["spec"]) => Application["spec"],
  /** Who lets it go before a freeze window. */
  forcer?: string,
): Promise<Accepted> {
  return retryOnConflict(async () => {
    const present = await requireApplication(client, params);
    const wanted = deepCopy(present) as Application;
    const spec = change(wanted.spec);
    const accepted = {
      system: params.system,
      application: params.app,
      generation: present.metadata.generation ?? 0,
      changed: false,
    };
    if (deepEqual(spec, present.spec)) return accepted;
    const written = await client.update(Applications, signed({ ...wanted, spec }, person.name, forcer));
    return { ...accepted, generation: written.metadata.generation ?? 0, changed: true };
  });
}

/** The spec with the members that the request gives. */
export function applied(
  spec: Application["spec"],
  { build, run, routes, replicas, deployPolicy, rollout, triggers }: CreateApplicationRequest,
): Application["spec"] {
  return {
    ...spec,
    ...(build === undefined ? {} : { build }),
    ...(run === undefined ? {} : { run: { ...spec.run, ...run } }),
    ...(routes === undefined ? {} : { routes }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(deployPolicy === undefined ? {} : { deployPolicy }),
    ...(rollout === undefined ? {} : { rollout: { ...spec.rollout, ...rollout } }),
    ...(triggers === undefined ? {} : { triggers }),
  };
}

/** The Application with a note of whose configuration it is, and of who lets that go before a freeze window. */
export function signed(application: Application, person: string, forcer?: string): Application {
  const { metadata = {}, spec } = application;
  const annotations = {
    ...metadata.annotations,
    ...changedBy(spec, person),
    ...(forcer === undefined ? {} : forcedAnnotations(spec, forcer)),
  };
  return { ...application, metadata: { ...metadata, annotations } };
}
