import { Applications, Builds, isBuildEnded, Pods, Releases } from "@jdos/api";
import type { Client } from "@jdos/client";
import { type Clock, type Logger, type Metrics, readRegistryCredential } from "@jdos/component-base";
import { hasCredential } from "../application/registry-secret.ts";
import type { Settings } from "../options.ts";
import { surplusOf } from "./plan.ts";
import { type RepositoryKey, recordedRepositories, recordRepositories } from "./record.ts";
import { type RegistryAccess, Repository } from "./registry.ts";

export interface RetentionOptions {
  readonly client: Client;
  readonly log: Logger;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly metrics?: Metrics;
}

interface World {
  /** "demo.hello" */
  readonly applications: ReadonlySet<RepositoryKey>;
  readonly builds: ReadonlyMap<RepositoryKey, ReadonlySet<string>>;
  /** Applications with a Build that has not ended: it may push what looks needless. */
  readonly busy: ReadonlySet<RepositoryKey>;
  readonly digests: ReadonlySet<string>;
}

/**
 * Deletes the images, logs, sources and remembered layers of applications that no object needs any more. All it knows
 * is read anew in each pass, but for how long something has been needless: when it starts again, that begins again.
 */
export class Retention {
  readonly #options: RetentionOptions;
  /** "<repository>@<digest>": when it was first seen that nothing needs it. */
  #needlessSince = new Map<string, number>();
  #refused = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** @throws when the API or the registry cannot be asked */
  async pass(): Promise<void> {
    const { client, settings } = this.#options;
    const namespace = settings.build.platformNamespace;
    const access = this.#access();
    if (settings.retention.by !== "jdos" || access === undefined) return;
    const world = await readWorld(client);
    const recorded = await recordedRepositories(client, namespace);
    const add = [...world.applications].filter((key) => !recorded.has(key));
    await recordRepositories(client, namespace, { add });
    const seen = new Map<string, number>();
    const remove: RepositoryKey[] = [];
    let failure: unknown;
    for (const key of new Set([...recorded, ...add])) {
      try {
        const left = await this.#repository(key, { world, access, seen });
        if (left === 0 && !world.applications.has(key)) remove.push(key);
      } catch (error) {
        failure ??= error;
      }
    }
    this.#needlessSince = seen;
    await recordRepositories(client, namespace, { remove });
    if (failure !== undefined) throw failure;
  }

  /** Returns how much there is that may still go. */
  async #repository(
    key: RepositoryKey,
    { world, access, seen }: { world: World; access: RegistryAccess; seen: Map<string, number> },
  ): Promise<number> {
    const { client, settings, log, metrics } = this.#options;
    const name = `${settings.registry.prefix}${key.replace(".", "/")}`;
    const repository = new Repository(access, name);
    const content = await readContent(repository);
    const surplus = await surplusOf(content, this.#needs(key, world));
    const now = this.#options.clock.monotonicMillis() / 1000;
    const due: string[] = [];
    for (const digest of surplus) {
      const id = `${name}@${digest}`;
      const since = this.#needlessSince.get(id) ?? now;
      seen.set(id, since);
      if (now - since >= settings.retention.graceSeconds) due.push(digest);
    }
    if (due.length === 0) return surplus.length;
    // What was found to be needless may be needed by now.
    const later = await readWorld(client);
    if (later.busy.has(key)) return surplus.length;
    const still = new Set(await surplusOf(await readContent(repository), this.#needs(key, later)));
    let left = surplus.length;
    for (const digest of due.filter((each) => still.has(each))) {
      if (!(await repository.delete(digest))) {
        if (!this.#refused)
          log.warn(
            { repository: name, hint: "Let its account delete, or set registry.retention to registry" },
            "The registry refuses to delete images: those that nothing needs stay",
          );
        this.#refused = true;
        break;
      }
      this.#refused = false;
      left--;
      seen.delete(`${name}@${digest}`);
      log.info({ repository: name, digest }, "Deleted what nothing needs");
      metrics
        ?.counter({
          name: "jdos_images_deleted_total",
          help: "Manifests that nothing needed and that were deleted.",
        })
        .inc();
    }
    metrics
      ?.gauge({
        name: "jdos_images_deletion_refused",
        help: "1 while the registry does not let JDOS delete.",
      })
      .set(this.#refused ? 1 : 0);
    return left;
  }

  #needs(key: RepositoryKey, { digests, builds }: World) {
    const { clock, settings } = this.#options;
    const sourcesSince = clock.now().getTime() / 1000 - settings.retention.graceSeconds;
    return { digests, builds: builds.get(key) ?? new Set<string>(), sourcesSince };
  }

  /** Undefined: nobody gave us the right to delete. */
  #access(): RegistryAccess | undefined {
    const { registry, retention } = this.#options.settings;
    const { access, host, credentialsFile } = registry;
    const { url = registry.url } = retention;
    if (access === "issued")
      return retention.credential === undefined ? undefined : { url, credential: retention.credential };
    if (!hasCredential(registry) || credentialsFile === undefined) return { url };
    return { url, credential: readRegistryCredential(credentialsFile, host) };
  }
}

async function readContent(repository: Repository) {
  const tags = new Map<string, string>();
  for (const tag of await repository.tags()) {
    const digest = await repository.digestOf(tag);
    if (digest !== undefined) tags.set(tag, digest);
  }
  const layers = new Map<string, Promise<string[]>>();
  return {
    tags,
    layersOf(digest: string): Promise<string[]> {
      const known = layers.get(digest) ?? repository.layersOf(digest);
      layers.set(digest, known);
      return known;
    },
  };
}

async function readWorld(client: Client): Promise<World> {
  // Builds last: what one pushed is named by it before a Release does.
  const applications = await client.list(Applications);
  const pods = await client.list(Pods);
  const releases = await client.list(Releases);
  const builds = await client.list(Builds);
  const digests = new Set<string>();
  for (const { items } of [applications, pods, releases, builds])
    for (const item of items)
      for (const [digest] of JSON.stringify(item).matchAll(/sha256:[a-f0-9]{64}/g)) digests.add(digest);
  const names = new Map<RepositoryKey, Set<string>>();
  const busy = new Set<RepositoryKey>();
  for (const build of builds.items) {
    const key = `${build.metadata.namespace}.${build.spec.application}`;
    names.set(key, (names.get(key) ?? new Set()).add(build.metadata.name));
    if (!isBuildEnded(build)) busy.add(key);
  }
  return {
    applications: new Set(applications.items.map(({ metadata }) => `${metadata.namespace}.${metadata.name}`)),
    builds: names,
    busy,
    digests,
  };
}
