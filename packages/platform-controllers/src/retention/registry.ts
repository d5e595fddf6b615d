import { authorizeAt, type RegistryCredential } from "@jdos/component-base";

const TIMEOUT_MILLIS = 15_000;
const MAX_TAGS = 20_000;
const ACCEPT = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");

export interface RegistryAccess {
  readonly url: string;
  readonly credential?: RegistryCredential;
}

/** One repository as retention sees it. Source: OCI distribution specification. */
export class Repository {
  readonly #access: RegistryAccess;
  readonly #name: string;
  readonly #authorization = new Map<string, Promise<string | undefined>>();

  constructor(access: RegistryAccess, name: string) {
    this.#access = access;
    this.#name = name;
  }

  /** No tags of a repository that is not there. */
  async tags(): Promise<string[]> {
    const found: string[] = [];
    let path: string | undefined = "tags/list?n=1000";
    while (path !== undefined && found.length < MAX_TAGS) {
      const answer: Response = await this.#send("GET", path, [404]);
      if (answer.status === 404) break;
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

  async layersOf(digest: string): Promise<string[]> {
    const answer = await this.#send("GET", `manifests/${digest}`, [404]);
    if (answer.status === 404) return [];
    const { layers = [] } = (await answer.json()) as { layers?: { digest: string }[] };
    return layers.map((layer) => layer.digest);
  }

  /** Deletes a manifest with all its tags. False: the registry does not let anybody, or us, delete. */
  async delete(digest: string): Promise<boolean> {
    const answer = await this.#send("DELETE", `manifests/${digest}`, [401, 403, 404, 405]);
    await answer.body?.cancel();
    return answer.ok || answer.status === 404;
  }

  async #send(method: string, path: string, accepted: readonly number[]): Promise<Response> {
    const authorization = await this.#authorize(method === "DELETE" ? "pull,delete" : "pull");
    const answer = await fetch(new URL(`/v2/${this.#name}/${path}`, this.#access.url), {
      method,
      headers: { accept: ACCEPT, ...(authorization === undefined ? {} : { authorization }) },
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MILLIS),
    });
    if (answer.ok || accepted.includes(answer.status)) return answer;
    await answer.body?.cancel();
    throw new Error(`Cannot ${method} "${this.#name}/${path}" at the registry: it answered ${answer.status}`);
  }

  #authorize(actions: string): Promise<string | undefined> {
    const { url, credential } = this.#access;
    let authorization = this.#authorization.get(actions);
    if (authorization === undefined) {
      authorization = authorizeAt(url, {
        scopes: { [this.#name]: actions },
        ...(credential === undefined ? {} : { credential }),
        signal: AbortSignal.timeout(TIMEOUT_MILLIS),
      });
      this.#authorization.set(actions, authorization);
    }
    return authorization;
  }
}
