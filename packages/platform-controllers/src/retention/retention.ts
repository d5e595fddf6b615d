import { Applications, Builds, isBuildEnded, Pods, Releases, withoutDeletions } from "@jdos/api";
import type { Client } from "@jdos/client";
import {
  applicationImages,
  authorizeAt,
  type Clock,
  type Logger,
  type Metrics,
  type RegistryCredential,
  readRegistryCredential,
} from "@jdos/component-base";
import { subjectOfTag } from "@jdos/component-base/attestation";
import {
  judge,
  type Needs,
  namedDigests,
  Repository,
  readContent,
  surplusOf,
  type Verdict,
} from "@jdos/component-base/image-retention";
import type { Settings } from "../options.ts";
import { type Needless, type RepositoryKey, recordedRepositories, recordRepositories } from "./record.ts";

const TOKEN_MILLIS = 15_000;

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
  readonly named: Needs["named"];
}

interface RegistryAccess {
  readonly url: string;
  readonly credential?: RegistryCredential;
}

/** What came of it that digests are to go at once. */
export interface Asked {
  readonly deleted: readonly string[];
  /** What stays, and why. */
  readonly kept: readonly Verdict[];
  readonly refused: readonly string[];
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
    const add = new Map<RepositoryKey, readonly Needless[]>(
      [...world.applications].filter((key) => !recorded.has(key)).map((key) => [key, []]),
    );
    await recordRepositories(client, namespace, { set: add });
    const seen = new Map<string, number>();
    const remove: RepositoryKey[] = [];
    let failure: unknown;
    const set = new Map<RepositoryKey, readonly Needless[]>();
    for (const key of new Set([...recorded.keys(), ...add.keys()])) {
      try {
        const left = await this.#repository(key, { world, access, seen });
        if (left.length === 0 && !world.applications.has(key)) remove.push(key);
        else set.set(key, left);
      } catch (error) {
        failure ??= error;
      }
    }
    this.#needlessSince = seen;
    await recordRepositories(client, namespace, { set, remove, known: recorded });
    if (failure !== undefined) throw failure;
  }

  /**
   * Deletes these of an application's images now, without waiting, where nothing needs them. "busy": not while a build
   * of it is under way. Undefined: images are not ours to delete.
   */
  async deleteNow(key: RepositoryKey, digests: ReadonlySet<string>): Promise<Asked | "busy" | undefined> {
    const access = this.#access();
    if (this.#options.settings.retention.by !== "jdos" || access === undefined) return undefined;
    const world = await readWorld(this.#options.client);
    if (world.busy.has(key)) return "busy";
    const repository = this.#open(key, access);
    const verdicts = await judge(await readContent(repository), this.#needs(key, world));
    const asked = verdicts.filter(({ digest }) => digests.has(digest));
    const going = asked.filter(({ keptBy }) => keptBy.length === 0).map(({ digest }) => digest);
    const attached = new Set(going.flatMap((digest) => attachedTo(digest, verdicts)));
    const deleted = await this.#delete(key, { repository, digests: [...attached, ...going] });
    return {
      deleted,
      kept: asked.filter(({ keptBy }) => keptBy.length > 0),
      refused: going.filter((digest) => !deleted.includes(digest)),
    };
  }

  /** Returns what may still go, and since when. */
  async #repository(
    key: RepositoryKey,
    { world, access, seen }: { world: World; access: RegistryAccess; seen: Map<string, number> },
  ): Promise<Needless[]> {
    const { client, settings, clock } = this.#options;
    const repository = this.#open(key, access);
    const surplus = await surplusOf(await readContent(repository), this.#needs(key, world));
    const now = clock.monotonicMillis() / 1000;
    const epoch = clock.now().getTime() / 1000 - now;
    const left = new Map<string, number>();
    for (const digest of surplus) left.set(digest, this.#needlessSince.get(`${key}@${digest}`) ?? now);
    const due = surplus.filter((digest) => now - left.get(digest)! >= settings.retention.graceSeconds);
    // What was found to be needless may be needed by now.
    const later = due.length === 0 ? world : await readWorld(client);
    if (due.length > 0 && !later.busy.has(key)) {
      const still = new Set(await surplusOf(await readContent(repository), this.#needs(key, later)));
      const digests = due.filter((each) => still.has(each));
      for (const digest of await this.#delete(key, { repository, digests })) left.delete(digest);
    }
    for (const [digest, since] of left) seen.set(`${key}@${digest}`, since);
    const begins = epoch + settings.retention.graceSeconds;
    return [...left].map(([digest, since]) => ({ digest, goesAt: new Date((begins + since) * 1000) }));
  }

  /** Returns those that are gone: none after the first that the registry refuses. */
  async #delete(
    key: RepositoryKey,
    { repository, digests }: { repository: Repository; digests: readonly string[] },
  ): Promise<string[]> {
    const { log, metrics } = this.#options;
    const gone: string[] = [];
    for (const digest of digests) {
      if (!(await repository.delete(digest))) {
        if (!this.#refused)
          log.warn(
            { repository: key, hint: "Let its account delete, or set registry.retention to registry" },
            "The registry refuses to delete images: those that nothing needs stay",
          );
        this.#refused = true;
        break;
      }
      this.#refused = false;
      gone.push(digest);
      log.info({ repository: key, digest }, "Deleted what nothing needs");
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
    return gone;
  }

  #open(key: RepositoryKey, { url, credential }: RegistryAccess): Repository {
    const [system = "", application = ""] = key.split(".");
    const repository = applicationImages(this.#options.settings.registry).repositoryOf(system, application);
    return new Repository({
      url,
      repository,
      authorize: (actions) =>
        authorizeAt(url, {
          scopes: { [repository]: actions },
          ...(credential === undefined ? {} : { credential }),
          signal: AbortSignal.timeout(TOKEN_MILLIS),
        }),
    });
  }

  #needs(key: RepositoryKey, { named, builds }: World): Needs {
    const { clock, settings } = this.#options;
    const sourcesSince = clock.now().getTime() / 1000 - settings.retention.graceSeconds;
    return { named, builds: builds.get(key) ?? new Set<string>(), sourcesSince };
  }

  /** Undefined: nobody gave us the right to delete. */
  #access(): RegistryAccess | undefined {
    const { registry, retention } = this.#options.settings;
    const { access, host, credentialsFile } = registry;
    const { url = registry.url } = retention;
    if (access === "issued")
      return retention.credential === undefined ? undefined : { url, credential: retention.credential };
    if (credentialsFile === undefined) return { url };
    return { url, credential: readRegistryCredential(credentialsFile, host) };
  }
}

function attachedTo(digest: string, verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ tags }) => tags.length > 0 && tags.every((tag) => subjectOfTag(tag) === digest))
    .map((each) => each.digest);
}

async function readWorld(client: Client): Promise<World> {
  // Builds last: what one pushed is named by it before a Release does.
  const applications = await client.list(Applications);
  const pods = await client.list(Pods);
  const releases = await client.list(Releases);
  const builds = await client.list(Builds);
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
    named: namedDigests([
      { kind: "Application", items: applications.items.map(withoutDeletions) },
      { kind: "Pod", items: pods.items },
      { kind: "Release", items: releases.items },
      { kind: "Build", items: builds.items },
    ]),
  };
}
