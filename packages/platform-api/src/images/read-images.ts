import type { Application } from "@jdos/api";
import {
  type Build,
  Builds,
  ConfigMaps,
  IMAGE_REPOSITORIES,
  type ImageView,
  type Needless,
  Pods,
  podSelector,
  type Release,
  Releases,
  readNeedless,
  withoutDeletions,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import {
  type ImageManifest,
  isImageTag,
  judge,
  namedDigests,
  Repository,
  readContent,
  type Verdict,
} from "@jdos/component-base/image-retention";
import { PlatformError } from "../errors.ts";
import type { RouteContext, Session } from "../routes/context.ts";
import { imageViews } from "./image-views.ts";

type Context = Pick<RouteContext, "registry" | "images" | "imagePrefix" | "ownClient">;

/** Manifests asked for at once. */
const AT_ONCE = 8;

/** The images of an application: what the registry has of them, and what of the person's system needs them. */
export async function readImages(
  { client, person }: Session,
  application: Stored<Application>,
  context: Context,
): Promise<ImageView[]> {
  const { namespace = "", name } = application.metadata;
  const path = context.registry.repositoryOf(namespace, name);
  const repository = repositoryAt(path, person.name, context);
  const [pods, releases, builds, needless] = await Promise.all([
    client.list(Pods, { namespace, labelSelector: podSelector(name) }),
    client.list(Releases, { namespace }),
    client.list(Builds, { namespace }),
    needlessOf(context.ownClient, `${namespace}.${name}`),
  ]);
  const mine = {
    releases: releases.items.filter(({ spec }) => spec.application === name),
    builds: builds.items.filter(({ spec }) => spec.application === name),
  };
  const named = namedDigests([
    { kind: "Application", items: [withoutDeletions(application)] },
    { kind: "Pod", items: pods.items },
    { kind: "Release", items: releases.items },
    { kind: "Build", items: builds.items },
  ]);
  const builders = new Set(mine.builds.map(({ metadata }) => metadata.name));
  const reference = context.images.nameOf(namespace, name);
  return reached(async () => {
    const content = await readContent(repository, isImageTag);
    const verdicts = await judge(content, { named, builds: builders, sourcesSince: 0 });
    const all = [...verdicts, ...untagged(reference, { ...mine, verdicts, named })];
    const manifests = await manifestsOf(repository, all);
    const bases = await basesOf(mine.builds, { person: person.name, context });
    return imageViews({ application, ...mine, verdicts: all, manifests, bases, needless });
  });
}

function repositoryAt(repository: string, person: string, { registry }: Context): Repository {
  const authorize = () => registry.authorize(person, repository, "pull");
  return new Repository({ url: registry.url, repository, authorize });
}

interface Known {
  releases: readonly Stored<Release>[];
  builds: readonly Stored<Build>[];
  verdicts: readonly Verdict[];
  named: ReadonlyMap<string, readonly { kind: string; namespace: string; name: string }[]>;
}

/** Images of the repository that releases and builds name and no tag leads to. */
function untagged(reference: string, { releases, builds, verdicts, named }: Known): Verdict[] {
  const seen = new Set(verdicts.map(({ digest }) => digest));
  const images = [...releases.map(({ spec }) => spec.image), ...builds.map(({ status }) => status?.image)];
  const digests = images.flatMap((image) => {
    const [repository, digest] = image?.split("@") ?? [];
    return repository === reference && digest !== undefined && !seen.has(digest) ? [digest] : [];
  });
  return [...new Set(digests)].map((digest) => ({
    digest,
    tags: [],
    keptBy: (named.get(digest) ?? []).map((namer) => ({ by: "object" as const, ...namer })),
  }));
}

async function manifestsOf(
  repository: Repository,
  verdicts: readonly { readonly digest: string }[],
): Promise<Map<string, ImageManifest>> {
  const found = new Map<string, ImageManifest>();
  const queue = verdicts.values();
  const work = async (): Promise<void> => {
    for (const { digest } of queue) {
      const manifest = await repository.manifest(digest);
      if (manifest !== undefined) found.set(digest, manifest);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

/** Layers of the bases that are in the platform's own repositories, by digest. */
async function basesOf(
  builds: readonly Stored<Build>[],
  { person, context }: { person: string; context: Context },
): Promise<Map<string, readonly string[]>> {
  const layers = new Map<string, readonly string[]>();
  const platform = `${context.imagePrefix}jdos/`;
  for (const { status } of builds) {
    const base = status?.materials?.[0];
    if (base === undefined || !base.image.startsWith(platform) || layers.has(base.digest)) continue;
    const name = base.image.slice(base.image.indexOf("/") + 1).replace(/[@:].*$/, "");
    layers.set(base.digest, await repositoryAt(name, person, context).layersOf(base.digest));
  }
  return layers;
}

/** When what is needless goes, as who deletes it says; nobody says it where the registry deletes by its own rules. */
async function needlessOf(client: Client, key: string): Promise<Needless[]> {
  try {
    const map = await client.get(ConfigMaps, { namespace: "jdos-system", name: IMAGE_REPOSITORIES });
    return readNeedless(map.data?.[key]);
  } catch (error) {
    if (isStatus(error, "NotFound", "Forbidden")) return [];
    throw error;
  }
}

async function reached<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof PlatformError || isStatus(cause)) throw cause;
    throw new PlatformError("Unavailable", `Cannot read the registry: ${(cause as Error).message}`, {
      hint: "It may be starting: see jdos status, then try again",
      cause,
    });
  }
}
