import {
  type Application,
  type Build,
  type ImageView,
  imagesToDelete,
  type Needless,
  type Release,
} from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { ImageManifest, Keeper, Verdict } from "@jdos/component-base/image-retention";
import { newerBaseOf } from "../views/application-view.ts";

export interface ImagesWorld {
  application: Stored<Application>;
  releases: readonly Stored<Release>[];
  builds: readonly Stored<Build>[];
  verdicts: readonly Verdict[];
  manifests: ReadonlyMap<string, ImageManifest>;
  /** Layers of bases by their digest. */
  bases: ReadonlyMap<string, readonly string[]>;
  needless: readonly Needless[];
}

const ORDER: readonly ImageView["keep"][] = [
  "current",
  "running",
  "rollback",
  "build",
  "tag",
  "newest",
  "none",
];

/** The images of one application, what is needed most first. Pure. */
export function imageViews(world: ImagesWorld): ImageView[] {
  const rank = ({ keep }: ImageView): number => ORDER.indexOf(keep);
  const number = ({ build }: ImageView): number => Number(/\d+$/.exec(build ?? "")?.[0] ?? 0);
  return world.verdicts
    .map((verdict) => imageView(verdict, world))
    .sort((a, b) => rank(a) - rank(b) || number(b) - number(a));
}

function imageView({ digest, tags, keptBy }: Verdict, world: ImagesWorld): ImageView {
  const { application, builds, manifests, needless } = world;
  const { namespace: system = "", name, annotations } = application.metadata;
  const build = builds.find(({ status }) => status?.image?.endsWith(digest) === true);
  const base = build?.status?.materials?.[0];
  const needs = keptBy.map((keeper) => needOf(keeper, world));
  const keep = ORDER.find((each) => needs.some((need) => need.keep === each)) ?? "none";
  const goesAt = keep === "none" ? needless.find((each) => each.digest === digest)?.goesAt : undefined;
  const newer = keep === "current" ? newerBaseOf(application) : undefined;
  return {
    system,
    application: name,
    digest,
    tags: [...tags],
    ...(manifests.has(digest) ? sizesOf(digest, { world, base: base?.digest }) : { missing: true }),
    ...(build === undefined ? {} : { build: build.metadata.name }),
    ...(base === undefined ? {} : { base: { ...base } }),
    ...(newer === undefined ? {} : { newerBase: newer }),
    keep,
    neededBy: needs.map(({ sentence }) => sentence),
    ...(goesAt === undefined ? {} : { goesAt: goesAt.toISOString() }),
    ...(imagesToDelete(annotations).includes(digest) ? { deleting: true } : {}),
  };
}

function sizesOf(
  digest: string,
  { world, base }: { world: ImagesWorld; base: string | undefined },
): Pick<ImageView, "sizeBytes" | "sharedBytes"> {
  const { manifests, bases } = world;
  const others = new Set<string>(base === undefined ? [] : bases.get(base));
  for (const [other, manifest] of manifests)
    if (other !== digest) for (const layer of manifest.layers ?? []) others.add(layer.digest);
  const { config, layers = [] } = manifests.get(digest) ?? {};
  const total = (list: readonly { readonly size: number }[]): number =>
    list.reduce((sum, { size }) => sum + size, 0);
  return {
    sizeBytes: total(config === undefined ? layers : [config, ...layers]),
    sharedBytes: total(layers.filter((layer) => others.has(layer.digest))),
  };
}

interface Need {
  keep: ImageView["keep"];
  sentence: string;
}

function needOf(keeper: Keeper, world: ImagesWorld): Need {
  switch (keeper.by) {
    case "object":
      return needOfObject(keeper, world);
    case "build":
      return { keep: "build", sentence: `build ${keeper.name}, which made it, is kept` };
    case "tag":
      return { keep: "tag", sentence: `tag "${keeper.name}", which is not the platform's, leads to it` };
    default:
      return { keep: "newest", sentence: "the next build shares its layers" };
  }
}

function needOfObject(
  { kind, name }: { kind: string; name: string },
  { application, releases }: ImagesWorld,
): Need {
  const { spec } = application;
  if (kind === "Pod") return { keep: "running", sentence: `Pod ${name} runs it` };
  if (kind === "Build") return { keep: "build", sentence: `build ${name} is kept` };
  const release = releases.find(({ metadata }) => metadata.name === name);
  if (kind === "Release" && release !== undefined) {
    const { number } = release.spec;
    if (number === spec.release) return { keep: "current", sentence: `release ${number} is current` };
    return {
      keep: "rollback",
      sentence: `release ${number} can be returned to (historyLimit ${spec.historyLimit ?? 10})`,
    };
  }
  if (kind === "Application" && name === application.metadata.name)
    return { keep: "current", sentence: "the application's source or status names it" };
  return { keep: "running", sentence: `${kind} ${name} names it` };
}
