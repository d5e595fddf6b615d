import type { Build, BuildMaterial } from "@jdos/api";
import type { DeepReadonly, Persisted } from "@jdos/apimachinery";
import type { Settings } from "../options.ts";

/** What a Build was made from: a name that may lead elsewhere later, and what it led to. */
export type Base = BuildMaterial;

/**
 * The bases of a Build that may change. What a Dockerfile names by its digest does not; of a stack it is the platform's own,
 * whatever name that was read by.
 */
export function basesOf(build: DeepReadonly<Persisted<Build>>, settings: Settings): Base[] {
  const { stack = "", materials = [], bases = [] } = build.status ?? {};
  if (!stack.startsWith("dockerfile")) {
    const own = repositoryOf(settings.build.baseImage);
    const found = materials.find(({ image }) => repositoryOf(image) === own);
    return found === undefined ? [] : [{ image: settings.build.baseImage, digest: found.digest }];
  }
  const built = build.status?.image?.split("@")[0];
  return [...materials, ...bases].filter(
    ({ image }) => digestIn(image) === undefined && repositoryOf(image) !== built,
  );
}

/** The digest that a name ends with. */
export function digestIn(image: string): string | undefined {
  return image.split("@")[1];
}

/** "docker.io/library/node:24" -> "docker.io/library/node" */
function repositoryOf(image: string): string {
  return (image.split("@")[0] ?? "").replace(/:[^/:]*$/, "");
}
