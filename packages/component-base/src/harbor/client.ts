import { basicAuthorization, type RegistryCredential } from "../registry/credentials.ts";
import { HarborError, harborError } from "./errors.ts";

export interface HarborClientOptions {
  /** https://harbor.example.org */
  url: string;
  /** Without it what anybody may ask. */
  credential?: RegistryCredential | undefined;
  signal?: AbortSignal | undefined;
  /** Of each request. Defaults to 20. */
  timeoutSeconds?: number;
}

/** Source: goharbor/harbor, api/v2.0/swagger.yaml, as far as it is used here. */
export interface HarborProject {
  project_id: number;
  name: string;
  owner_name?: string;
  repo_count?: number;
}
export interface HarborRobot {
  id: number;
  /** With Harbor's prefix and the project: robot$demo+jdos-push-1 */
  name: string;
  disable?: boolean;
  /** Unix seconds; -1: never. */
  expires_at?: number;
}
export interface HarborRobotCreated extends HarborRobot {
  /** Told this once. */
  secret: string;
}
export interface HarborRobotRequest {
  name: string;
  description: string;
  durationDays: number;
  project: string;
  actions: readonly ("push" | "pull")[];
}
export interface HarborQuota {
  id: number;
  hard?: Readonly<Record<string, number>>;
}
export interface HarborInfo {
  harbor_version?: string;
  auth_mode?: string;
  project_creation_restriction?: "adminonly" | "everyone";
  read_only?: boolean;
}
export interface HarborUser {
  username: string;
  sysadmin_flag?: boolean;
}

const PAGE_SIZE = 100;
const MAX_PAGES = 100;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Harbor's API, version 2.0, by basic authentication: no session, so that Harbor asks for no CSRF token. It follows no
 * redirect, for the account is Harbor's alone. Every method rejects with a HarborError.
 */
export class HarborClient {
  readonly #options: HarborClientOptions;

  constructor(options: HarborClientOptions) {
    this.#options = options;
  }

  info(): Promise<HarborInfo> {
    return this.#json("ask for its version", "GET", "systeminfo");
  }

  currentUser(): Promise<HarborUser> {
    return this.#json("ask who the account is", "GET", "users/current");
  }

  project(name: string): Promise<HarborProject> {
    return this.#json(`read project "${name}"`, "GET", `projects/${encodeURIComponent(name)}`);
  }

  /** Makes a private project, unless `isPublic`. A storage limit counts only from an administrator. */
  async createProject(
    name: string,
    options: { storageLimitBytes?: number; isPublic?: boolean } = {},
  ): Promise<void> {
    const { storageLimitBytes, isPublic = false } = options;
    await this.#send(`make project "${name}"`, "POST", "projects", {
      project_name: name,
      metadata: { public: String(isPublic) },
      ...(storageLimitBytes === undefined ? {} : { storage_limit: storageLimitBytes }),
    });
  }

  /** Whether it holds nothing; why not, otherwise. */
  deletable(name: string): Promise<{ deletable?: boolean; message?: string }> {
    return this.#json(
      `look into project "${name}"`,
      "GET",
      `projects/${encodeURIComponent(name)}/_deletable`,
    );
  }

  async deleteProject(name: string): Promise<void> {
    await this.#send(`delete project "${name}"`, "DELETE", `projects/${encodeURIComponent(name)}`);
  }

  /** All robot accounts of a project. */
  async robots(projectId: number): Promise<HarborRobot[]> {
    const found: HarborRobot[] = [];
    const q = encodeURIComponent(`Level=project,ProjectID=${projectId}`);
    for (let page = 1; page <= MAX_PAGES; page++) {
      const path = `robots?q=${q}&page=${page}&page_size=${PAGE_SIZE}`;
      const { body, headers } = await this.#send("list robot accounts", "GET", path);
      const robots = parse<HarborRobot[]>(body);
      found.push(...robots);
      const total = Number(headers.get("x-total-count") ?? found.length);
      if (robots.length === 0 || found.length >= total) break;
    }
    return found;
  }

  createRobot(robot: HarborRobotRequest): Promise<HarborRobotCreated> {
    const { name, description, durationDays, project, actions } = robot;
    const access = actions.map((action) => ({ resource: "repository", action }));
    return this.#json(`make robot account "${name}"`, "POST", "robots", {
      name,
      description,
      level: "project",
      disable: false,
      duration: durationDays,
      permissions: [{ kind: "project", namespace: project, access }],
    });
  }

  async deleteRobot(id: number): Promise<void> {
    try {
      await this.#send(`delete robot account ${id}`, "DELETE", `robots/${id}`);
    } catch (error) {
      if (!(error instanceof HarborError) || error.status !== 404) throw error;
    }
  }

  /** The quota of a project; undefined where Harbor keeps none. Administrators may. */
  async quota(projectId: number): Promise<HarborQuota | undefined> {
    const path = `quotas?reference=project&reference_id=${projectId}&page=1&page_size=1`;
    const [quota] = await this.#json<HarborQuota[]>("read the project's quota", "GET", path);
    return quota;
  }

  async setStorage(quotaId: number, storageBytes: number): Promise<void> {
    const body = { hard: { storage: storageBytes } };
    await this.#send("set the project's quota", "PUT", `quotas/${quotaId}`, body);
  }

  async #json<T>(what: string, method: string, path: string, body?: object): Promise<T> {
    return parse<T>((await this.#send(what, method, path, body)).body);
  }

  async #send(
    what: string,
    method: string,
    path: string,
    body?: object,
  ): Promise<{ body: string; headers: Headers }> {
    const { url, credential, signal, timeoutSeconds = 20 } = this.#options;
    const limit = AbortSignal.timeout(timeoutSeconds * 1000);
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url.replace(/\/$/, "")}/api/v2.0/${path}`, {
        method,
        headers: {
          accept: "application/json",
          // A project may be called "12", which is not its number.
          "x-is-resource-name": "true",
          ...(credential === undefined ? {} : { authorization: basicAuthorization(credential) }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "manual",
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      text = await limited(response);
    } catch (cause) {
      throw unreachable(url, cause);
    }
    if (response.status >= 300 && response.status < 400)
      throw notHarbor(url, `it leads elsewhere (HTTP ${response.status})`);
    if (!response.ok) throw harborError(what, response, text);
    return { body: text, headers: response.headers };
  }
}

function parse<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw notHarbor("it", "its answer is no JSON");
  }
}

export function notHarbor(url: string, why: string): HarborError {
  return new HarborError("NotHarbor", `Cannot use Harbor at ${url}: ${why}`, {
    hint: "registry.harbor.url is Harbor's own address: https://HOST[:PORT], without a path",
  });
}

function unreachable(url: string, cause: unknown): HarborError {
  const { name, message, cause: inner } = cause as Error & { cause?: { code?: string; message?: string } };
  const why = name === "TimeoutError" ? "it does not answer" : (inner?.code ?? inner?.message ?? message);
  return new HarborError("HarborUnreachable", `Cannot reach Harbor at ${url}: ${why}`, {
    hint: "See that it runs and can be reached from here; an authority of your own is named by NODE_EXTRA_CA_CERTS",
    cause,
  });
}

async function limited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Error(`it sends more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
