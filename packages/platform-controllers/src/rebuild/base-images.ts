import {
  type Clock,
  type ImageName,
  type Logger,
  mirroredImage,
  parseImageName,
  type RegistryCredential,
  readRegistryCredential,
} from "@jdos/component-base";
import { type Reachable, reachable } from "../notice/reachable.ts";
import type { Settings } from "../options.ts";
import { askDigests, registryUrl } from "../registry/ask-digests.ts";
import { mirrorCredentials } from "../registry/mirror-credentials.ts";
import { digestIn } from "./bases.ts";

export interface Known {
  /** All digests that the name led to when it was asked; undefined: nobody could tell. */
  readonly digests: ReadonlySet<string> | undefined;
  /** When it is asked again. */
  readonly nextSeconds: number;
}

interface Entry {
  digests: ReadonlySet<string> | undefined;
  until: number;
  failures: number;
  asking: Promise<void> | undefined;
}

interface Place {
  readonly url: string;
  readonly repository: string;
  readonly credential: RegistryCredential | undefined;
}

const OWN_SECONDS = 600;
const TIMEOUT_MILLIS = 15_000;
const RETRY_SECONDS = 60;
/** Registries asked at the same time. */
const AT_ONCE = 2;
/** Names that are known at the same time: 10,000 applications have few bases. */
const MAX_NAMES = 5000;

/** What names of images lead to now. Each name is asked for once in a while, however many applications are built on it. */
export class BaseImages {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #reachable: Reachable;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: (() => void)[] = [];
  #asking = 0;

  constructor({ settings, clock, log }: { settings: Settings; clock: Clock; log: Logger }) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#reachable = reachable(settings.notices.allow);
  }

  async look(image: string, signal: AbortSignal): Promise<Known> {
    const pinned = digestIn(image);
    const { checkSeconds } = this.#settings.rebuild;
    if (pinned !== undefined) return { digests: new Set([pinned]), nextSeconds: checkSeconds };
    const entry = this.#entry(image);
    if (this.#now() >= entry.until) {
      entry.asking ??= this.#refresh(image, { entry, signal }).finally(() => {
        entry.asking = undefined;
      });
      await entry.asking;
    }
    return { digests: entry.digests, nextSeconds: Math.max(1, entry.until - this.#now()) };
  }

  #entry(image: string): Entry {
    const entry = this.#entries.get(image) ?? {
      digests: undefined,
      until: 0,
      failures: 0,
      asking: undefined,
    };
    this.#entries.delete(image);
    this.#entries.set(image, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_NAMES && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }

  /** A registry that does not answer leaves what was known. */
  async #refresh(image: string, { entry, signal }: { entry: Entry; signal: AbortSignal }): Promise<void> {
    await this.#turn();
    try {
      entry.digests = await this.#ask(image, signal);
      entry.failures = 0;
    } catch (err) {
      entry.failures++;
      this.#log.debug({ err, image }, "Cannot ask what an image leads to");
    } finally {
      // Not all at the same time, and not all names of one registry at once.
      entry.until = this.#now() + this.#pause(image, entry) * (0.8 + 0.4 * Math.random());
      this.#asking--;
      this.#waiting.shift()?.();
    }
  }

  /** The platform's own registry is asked more often, and one that did not answer soon, then later and later. */
  #pause(image: string, { failures }: Entry): number {
    const { registry, rebuild } = this.#settings;
    const isOwn = image.startsWith(`${registry.host}/`);
    const most = isOwn ? Math.min(rebuild.checkSeconds, OWN_SECONDS) : rebuild.checkSeconds;
    return failures === 0 ? most : Math.min(most, RETRY_SECONDS * 4 ** Math.min(failures - 1, 8));
  }

  async #turn(): Promise<void> {
    if (this.#asking >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#asking++;
  }

  async #ask(image: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const name = parseImageName(image);
    if (name === undefined) throw new Error(`"${image}" is no name of an image`);
    const place = this.#placeOf(name);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLIS)]);
    const { all } = await (place === undefined
      ? askDigests(name, { url: registryUrl(name.host), reachable: this.#reachable, signal: limit })
      : askDigests({ ...name, repository: place.repository }, { ...place, signal: limit }));
    return all;
  }

  /** Where the administrator's settings have an image: the registry, or a mirror. Undefined: nowhere. */
  #placeOf(name: ImageName): Place | undefined {
    const { registry, retention } = this.#settings;
    const mirrored = mirroredImage(name, registry.mirrors ?? []);
    if (mirrored !== undefined) {
      const { host, repository } = mirrored.name;
      return { url: mirrored.mirror.url, repository, credential: mirrorCredentials(registry)[host] };
    }
    if (name.host !== registry.host) return undefined;
    const { access, credentialsFile } = registry;
    const given =
      credentialsFile === undefined ? undefined : readRegistryCredential(credentialsFile, registry.host);
    return {
      url: retention.url ?? registry.url,
      repository: name.repository,
      credential: access === "issued" ? retention.credential : given,
    };
  }

  #now(): number {
    return this.#clock.monotonicMillis() / 1000;
  }
}
