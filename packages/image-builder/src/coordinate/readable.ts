import type { BuilderInput, BuilderMirror } from "@jdos/api/builder";
import { isRepository, type RegistryCredential } from "@jdos/component-base/registry";
import { MIRROR_REPOSITORY } from "../exchange/messages.ts";
import { Registry } from "../registry/registry.ts";

/** A mirror that is away shall not hold a build for long: buildah asks again by itself. */
const MIRROR_PATIENCE_SECONDS = 5;

/** A repository of the loopback registry that steps may read. */
export interface ReadableRepository {
  registry: Registry;
  /** There. */
  repository: string;
  /** As steps name it: docker.io/library/node */
  image: string;
  /** The mirror that gives it: registry.example.org/mirror/node. Absent: the platform's registry has it. */
  mirror?: string;
}

export interface ReadableOptions {
  input: BuilderInput;
  registry: Registry;
  mirrorCredential: (mirror: BuilderMirror) => RegistryCredential | undefined;
  signal?: AbortSignal;
}

/**
 * Which repositories steps may read: the platform's, the application's own, and what mirrors give. Undefined: not
 * that one.
 */
export function readableRepositories(
  options: ReadableOptions,
): (repository: string) => ReadableRepository | undefined {
  const { input, registry, mirrorCredential, signal } = options;
  const { host, prefix = "", mirrors = [] } = input.registry;
  const registries = mirrors.map((mirror) => {
    const credential = mirrorCredential(mirror);
    return new Registry({
      url: mirror.url,
      patienceSeconds: MIRROR_PATIENCE_SECONDS,
      ...(credential && { credential }),
      ...(signal && { signal }),
    });
  });
  return (repository) => {
    const [first, index = "", ...rest] = repository.split("/");
    if (first !== MIRROR_REPOSITORY)
      return repository.startsWith(`${prefix}jdos/`) || repository === input.repository
        ? { registry, repository, image: `${host}/${repository}` }
        : undefined;
    const [mirror, at] = [mirrors[Number(index)], registries[Number(index)]];
    if (mirror === undefined || at === undefined) return undefined;
    const below = rest.map((part) => `/${part}`).join("");
    const place = `${mirror.location}${below}`;
    const there = place.slice(place.indexOf("/") + 1);
    if (!isRepository(there)) return undefined;
    return { registry: at, repository: there, image: `${mirror.prefix}${below}`, mirror: place };
  };
}
