import type { RepositoryContent } from "./judge.ts";

const TIMEOUT_MILLIS = 15_000;
const MAX_TAGS = 20_000;
/** Questions at once about one repository. */
const AT_ONCE = 8;
const ACCEPT = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");

export interface RepositoryAccess {
  /** Where the registry's API answers. */
  readonly url: string;
  /** "demo/hello" */
  readonly repository: string;
  /** The header that lets us in; undefined where the registry wants none. */
  authorize(actions: "pull" | "pull,delete"): Promise<string | undefined>;
}

export interface ImageManifest {
  readonly config?: { readonly digest: string; readonly size: number };
  readonly layers?: readonly { readonly digest: string; readonly size: number }[];
  /** Of an index. */
  readonly manifests?: readonly { readonly digest: string }[];
}

/** One repository as who keeps it small sees it. Source: OCI distribution specification. */
export class Repository {
  readonly #access: RepositoryAccess;
  readonly #authorization = new Map<string, Promise<string | undefined>>();

  constructor(access: RepositoryAccess) {
    this.#access = access;
  }

  /** No tags of a repository that is not there. */
  async tags(): Promise<string[]> {
    const found: string[] = [];
    let path: string | undefined = "tags/list?n=1000";
    while (path !== undefined && found.length < MAX_TAGS) {
      const answer: Response = await this.#send("GET", path, [404]);
      if (answer.status === 404) {
        await answer.body?.cancel();
        break;
      }
      const { tags } = (await answer.json()) as { tags?: string[] | null };
      found.push(...(tags ?? []));
      const last = tags?.at(-1);
      const goesOn = last !== undefined && /rel="?next"?/.test(answer.headers.get("link") ?? "");
      path = goesOn ? `tags/list?n=1000&last=${encodeURIComponent(last)}` : undefined;
    }
    return found;
  }

  /** What a tag leads to; undefined when it is gone. */
  async digestOf(tag: string): Promise<string | undefined> {
    const answer = await this.#send("HEAD", `manifests/${tag}`, [404]);
    return answer.status === 404 ? undefined : (answer.headers.get("docker-content-digest") ?? undefined);
  }

  /** Undefined when there is none. */
  async manifest(digest: string): Promise<ImageManifest | undefined> {
    const answer = await this.#send("GET", `manifests/${digest}`, [404]);
    if (answer.status !== 404) return (await answer.json()) as ImageManifest;
    await answer.body?.cancel();
    return undefined;
  }

  async layersOf(digest: string): Promise<string[]> {
    return ((await this.manifest(digest))?.layers ?? []).map((layer) => layer.digest);
  }

  /** Deletes a manifest with all its tags. False: the registry does not let anybody, or us, delete. */
  async delete(digest: string): Promise<boolean> {
    const answer = await this.#send("DELETE", `manifests/${digest}`, [401, 403, 404, 405]);
    await answer.body?.cancel();
    return answer.ok || answer.status === 404;
  }

  async #send(method: string, path: string, accepted: readonly number[]): Promise<Response> {
    const { url, repository } = this.#access;
    const authorization = await this.#authorize(method === "DELETE" ? "pull,delete" : "pull");
    const answer = await fetch(new URL(`/v2/${repository}/${path}`, url), {
      method,
      headers: { accept: ACCEPT, ...(authorization === undefined ? {} : { authorization }) },
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MILLIS),
    });
    if (answer.ok || accepted.includes(answer.status)) return answer;
    await answer.body?.cancel();
    throw new Error(`Cannot ${method} "${repository}/${path}" at the registry: it answered ${answer.status}`);
  }

  #authorize(actions: "pull" | "pull,delete"): Promise<string | undefined> {
    const authorization = this.#authorization.get(actions) ?? this.#access.authorize(actions);
    this.#authorization.set(actions, authorization);
    return authorization;
  }
}

/** The tags of a repository that `matters` says matter, all by default, as they are now. */
export async function readContent(
  repository: Repository,
  matters: (tag: string) => boolean = () => true,
): Promise<RepositoryContent> {
  const names = (await repository.tags()).filter(matters);
  const digests = new Map<string, string | undefined>();
  const queue = names.values();
  const work = async (): Promise<void> => {
    for (const tag of queue) digests.set(tag, await repository.digestOf(tag));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const tags = new Map<string, string>();
  for (const tag of names) {
    const digest = digests.get(tag);
    if (digest !== undefined) tags.set(tag, digest);
  }
  const layers = new Map<string, Promise<string[]>>();
  return {
    tags,
    layersOf(digest) {
      const known = layers.get(digest) ?? repository.layersOf(digest);
      layers.set(digest, known);
      return known;
    },
  };
}
