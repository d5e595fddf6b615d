import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HARBOR_BODIES, misfit } from "./harbor-schema.ts";

export interface TestHarborOptions {
  /** A registry behind it that asks for nothing: http://127.0.0.1:5000. Without it nothing can be pushed. */
  registryUrl?: string;
  /** Who may make projects. Defaults to everyone. */
  creation?: "adminonly" | "everyone";
  now?: () => Date;
}

interface User {
  password: string;
  admin: boolean;
}
interface Project {
  id: number;
  name: string;
  owner: string;
  public: string;
  storage: number;
}
interface Robot {
  id: number;
  name: string;
  project: number;
  secret: string;
  expires: number;
  actions: string[];
}

/** A Harbor for tests, and what it holds. */
export interface TestHarbor {
  readonly url: string;
  readonly users: Map<string, User>;
  readonly projects: Project[];
  readonly robots: Robot[];
  /** Projects that hold repositories. */
  readonly filled: Set<string>;
  /** "POST /api/v2.0/projects" */
  readonly requests: string[];
  /** Requests that do not fit the documented schema: a test fails by them. */
  readonly misfits: string[];
  /** Answers once before anything else: undefined leaves it to Harbor. */
  fault: ((request: string) => { status: number; headers?: Record<string, string> } | undefined) | undefined;
  stop(): Promise<void>;
}

/** Of projects and robots. Source: goharbor/harbor, src/pkg/project/manager.go, src/server/v2.0/handler/robot.go. */
const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const CODES: Readonly<Record<number, string>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  412: "PRECONDITION",
  429: "TOO_MANY_REQUEST",
};

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * A server that behaves as Harbor's documented API does, of what JDOS uses: basic authentication, sessions that need a
 * CSRF token, validation, conflicts, pages, robots whose secret is told once, projects that are deleted only when they
 * are empty; and, with a registry behind it, /v2/ for users and robots.
 *
 * Sources: goharbor/harbor v2.16, api/v2.0/swagger.yaml; src/server/v2.0/handler/{project,robot,quota,user,systeminfo}.go;
 * src/server/middleware/csrf; src/lib/http/error.go; src/controller/robot/controller.go.
 */
export async function startTestHarbor(options: TestHarborOptions = {}): Promise<TestHarbor> {
  const harbor = new Harbor(options);
  const server = createServer((request, response) => {
    harbor.answer(request, response).catch((error: Error) => {
      const status = error instanceof Refusal ? error.status : 500;
      const code = CODES[status] ?? "UNKNOWN";
      const body = JSON.stringify({ errors: [{ code, message: error.message }] });
      response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(harbor, {
    url,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  user: string;
}

class Harbor {
  readonly users = new Map<string, User>([
    ["admin", { password: "Harbor12345", admin: true }],
    ["jdos", { password: "Jdos12345", admin: false }],
  ]);
  readonly projects: Project[] = [];
  readonly robots: Robot[] = [];
  readonly filled = new Set<string>();
  readonly requests: string[] = [];
  readonly misfits: string[] = [];
  fault: TestHarbor["fault"];
  readonly #options: TestHarborOptions;
  #last = 0;

  constructor(options: TestHarborOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://harbor");
    const method = request.method ?? "GET";
    if (url.pathname.startsWith("/v2/")) return this.#registry(request, response);
    this.requests.push(`${method} ${url.pathname}`);
    const fault = this.fault?.(`${method} ${url.pathname}`);
    if (fault !== undefined) {
      response.writeHead(fault.status, fault.headers);
      throwAway(request);
      return void response.end(fault.status >= 500 ? "<html>bad gateway</html>" : "");
    }
    if (!url.pathname.startsWith("/api/v2.0/")) throw new Refusal(404, "page not found");
    const text = await textOf(request);
    // A session is only good with its token; one by basic authentication alone needs none.
    if (request.headers.cookie !== undefined && method !== "GET")
      throw new Refusal(403, "CSRF token not found in request");
    response.setHeader("set-cookie", "sid=1; Path=/; HttpOnly");
    const user = this.#userOf(request);
    const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    const path = decodeURIComponent(url.pathname.slice("/api/v2.0/".length));
    const call = { method, path, query: url.searchParams, body, user };
    const { status = 200, headers = {}, body: answer } = this.#handle(call);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(answer === undefined ? "" : JSON.stringify(answer));
  }

  /** "" for nobody. */
  #userOf({ headers }: IncomingMessage): string {
    const [name = "", ...rest] = Buffer.from(headers.authorization?.slice(6) ?? "", "base64")
      .toString()
      .split(":");
    if (name === "") return "";
    const password = rest.join(":");
    const robot = this.robots.find((each) => each.name === name);
    const good =
      robot === undefined ? this.users.get(name)?.password === password : robot.secret === password;
    if (!good) throw new Refusal(401, "unauthorized");
    return name;
  }

  #handle(call: Call): { status?: number; headers?: Record<string, string>; body?: unknown } {
    const { method, path, user } = call;
    const [kind = "", name = "", more] = path.split("/");
    const isAdmin = this.users.get(user)?.admin === true;
    if (`${method} ${path}` === "GET systeminfo") return { body: this.#info(user) };
    if (user === "") throw new Refusal(401, "unauthorized");
    if (`${method} ${path}` === "GET users/current") {
      if (!this.users.has(user))
        throw new Refusal(412, "get current user not available for security context: robot");
      return { body: { user_id: 3, username: user, sysadmin_flag: isAdmin } };
    }
    if (kind === "projects" && name === "" && method === "POST") return this.#createProject(call, isAdmin);
    if (kind === "projects") {
      const project = this.#projectFor(name, user);
      if (more === "_deletable" && method === "GET") return { body: this.#deletable(project) };
      if (more !== undefined) throw new Refusal(404, "path not found");
      if (method === "GET") return { body: this.#show(project) };
      if (method === "DELETE") return this.#deleteProject(project);
    }
    if (path === "robots" && method === "POST") return this.#createRobot(call);
    if (path === "robots" && method === "GET") return this.#listRobots(call);
    if (kind === "robots" && method === "DELETE") {
      const at = this.robots.findIndex(({ id }) => String(id) === name);
      if (at < 0) throw new Refusal(404, `robot ${name} not found`);
      this.#projectFor(String(this.robots[at]?.project), user, true);
      this.robots.splice(at, 1);
      return {};
    }
    if (kind === "quotas" && !isAdmin) throw new Refusal(403, "forbidden");
    if (path === "quotas" && method === "GET") {
      const found = this.projects.filter(({ id }) => String(id) === call.query.get("reference_id"));
      return paged(
        call,
        found.map(({ id, storage }) => ({ id: id + 1000, hard: { storage }, used: { storage: 0 } })),
      );
    }
    if (kind === "quotas" && method === "PUT") {
      this.#fit("QuotaUpdateReq", call.body);
      const project = this.projects.find(({ id }) => String(id + 1000) === name);
      if (project === undefined) throw new Refusal(404, `quota ${name} not found`);
      project.storage = (call.body.hard as { storage: number }).storage;
      return {};
    }
    throw new Refusal(404, "path not found");
  }

  #info(user: string): object {
    const shown = { auth_mode: "db_auth", primary_auth_mode: false, self_registration: false };
    if (user === "") return shown;
    const { creation = "everyone" } = this.#options;
    return {
      ...shown,
      harbor_version: "v2.16.0-test",
      project_creation_restriction: creation,
      read_only: false,
    };
  }

  #fit(kind: keyof typeof HARBOR_BODIES, body: unknown): void {
    const why = misfit(body, HARBOR_BODIES[kind]);
    if (why === undefined) return;
    this.misfits.push(`${kind}: ${why}`);
    throw new Refusal(422, why);
  }

  /** A user who is no member is told nothing of a project, not even that there is none. */
  #projectFor(nameOrId: string, user: string, byId = false): Project {
    const isAdmin = this.users.get(user)?.admin === true;
    const project = this.projects.find(({ id, name }) => (byId ? String(id) : name) === nameOrId);
    if (project !== undefined && (isAdmin || project.owner === user)) return project;
    throw isAdmin ? new Refusal(404, `project ${nameOrId} not found`) : new Refusal(403, "forbidden");
  }

  #show({ id, name, owner, public: isPublic }: Project): object {
    const repositories = this.filled.has(name) ? 1 : 0;
    return {
      project_id: id,
      name,
      owner_name: owner,
      repo_count: repositories,
      metadata: { public: isPublic },
    };
  }

  #createProject({ body, user }: Call, isAdmin: boolean) {
    this.#fit("ProjectReq", body);
    if (this.#options.creation === "adminonly" && !isAdmin)
      throw new Refusal(403, "Only system admin can create project");
    const name = String(body.project_name);
    if (!NAME.test(name) || name.length > 255)
      throw new Refusal(400, "project name is not in lower case or contains illegal characters");
    if (this.projects.some((each) => each.name === name))
      throw new Refusal(409, `The project named ${name} already exists`);
    const { public: isPublic = "false" } = (body.metadata ?? {}) as { public?: string };
    if (!["true", "false"].includes(isPublic))
      throw new Refusal(400, "metadata.public should only be 'true' or 'false'");
    const storage = isAdmin && body.storage_limit !== undefined ? Number(body.storage_limit) : -1;
    const id = ++this.#last;
    this.projects.push({ id, name, owner: user, public: isPublic, storage });
    return { status: 201, headers: { location: `/api/v2.0/projects/${id}` } };
  }

  #deletable({ name }: Project): { deletable: boolean; message?: string } {
    if (!this.filled.has(name)) return { deletable: true };
    return { deletable: false, message: "the project contains repositories, can not be deleted" };
  }

  #deleteProject(project: Project) {
    const { deletable, message = "" } = this.#deletable(project);
    if (!deletable) throw new Refusal(412, message);
    this.projects.splice(this.projects.indexOf(project), 1);
    const others = this.robots.filter((robot) => robot.project !== project.id);
    this.robots.splice(0, this.robots.length, ...others);
    return {};
  }

  #createRobot({ body, user }: Call) {
    this.#fit("RobotCreate", body);
    const {
      name = "",
      level,
      duration = 0,
      permissions = [],
    } = body as {
      name?: string;
      level?: string;
      duration?: number;
      permissions?: { kind: string; namespace: string; access: { resource: string; action: string }[] }[];
    };
    if (!NAME.test(name))
      throw new Refusal(400, "robot name is not in lower case or contains illegal characters");
    if (duration !== -1 && duration <= 0)
      throw new Refusal(400, "duration must be either -1(Never) or a positive integer");
    const [permission] = permissions;
    if (level !== "project" || permissions.length !== 1 || permission?.kind !== "project")
      throw new Refusal(400, "bad request permission");
    if (!(permission.access?.length > 0)) throw new Refusal(400, "bad request empty access");
    for (const { resource, action } of permission.access)
      if (resource !== "repository" || !["push", "pull"].includes(action))
        throw new Refusal(400, `bad request permission: ${resource}:${action}`);
    const project = this.#projectFor(permission.namespace, user);
    const full = `robot$${project.name}+${name}`;
    if (this.robots.some((robot) => robot.name === full))
      throw new Refusal(409, `robot account ${full} already exists`);
    const now = this.#options.now?.() ?? new Date();
    const expires = duration === -1 ? -1 : Math.floor(now.getTime() / 1000) + duration * 86_400;
    const secret = `A1${randomBytes(15).toString("hex")}`;
    const id = ++this.#last;
    const actions = permission.access.map(({ action }) => action);
    this.robots.push({ id, name: full, project: project.id, secret, expires, actions });
    const created = { id, name: full, secret, creation_time: now.toISOString(), expires_at: expires };
    return { status: 201, headers: { location: `/api/v2.0/robots/${id}` }, body: created };
  }

  #listRobots(call: Call) {
    const [, id] = /^Level=project,ProjectID=(\d+)$/.exec(call.query.get("q") ?? "") ?? [];
    if (id === undefined) throw new Refusal(400, "must with project ID when to query project robots");
    this.#projectFor(id, call.user, true);
    const found = this.robots.filter(({ project }) => String(project) === id);
    return paged(
      call,
      found.map(({ id: robot, name, expires }) => ({
        id: robot,
        name,
        level: "project",
        disable: false,
        expires_at: expires,
      })),
    );
  }

  /** Users and robots push and pull what their rights say; any project's image when it is public. */
  #registry(request: IncomingMessage, response: ServerResponse): void {
    const [, name = ""] = /^\/v2\/([^/]+)\/.+\/(?:blobs|manifests|tags)\//.exec(request.url ?? "") ?? [];
    const project = this.projects.find((each) => each.name === name);
    const user = this.#userOf(request);
    const action = ["GET", "HEAD"].includes(request.method ?? "") ? "pull" : "push";
    const robot = this.robots.find((each) => each.name === user && each.project === project?.id);
    const may =
      name === ""
        ? user !== ""
        : project?.owner === user ||
          robot?.actions.includes(action) ||
          (project?.public === "true" && action === "pull");
    if (!may) {
      throwAway(request);
      response.setHeader("www-authenticate", 'Basic realm="harbor"');
      throw new Refusal(401, `unauthorized to access repository: ${name}, action: ${action}`);
    }
    if (action === "push" && project !== undefined) this.filled.add(project.name);
    const { authorization: _, ...headers } = request.headers;
    const onward = forward(new URL(request.url ?? "/", this.#options.registryUrl), {
      method: request.method,
      headers,
    });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  }
}

function paged({ path, query }: Call, all: readonly object[]) {
  const [page, size] = [Number(query.get("page") ?? 1), Number(query.get("page_size") ?? 10)];
  if (size > 100) throw new Refusal(422, "page_size in query should be less than or equal to 100");
  const more = page * size < all.length;
  const link = `</api/v2.0/${path}?page=${page + 1}&page_size=${size}>; rel="next"`;
  return {
    headers: { "x-total-count": String(all.length), ...(more ? { link } : {}) },
    body: all.slice((page - 1) * size, page * size),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function throwAway(request: IncomingMessage): void {
  request.resume();
}
