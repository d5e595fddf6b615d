import type { ServerResponse } from "node:http";
import type { AccessView } from "@jdos/api";
import type { Logger } from "@jdos/component-base";
import { GitServerError, toGitServerError } from "../errors.ts";
import type { HandledRequest, Handler } from "../handler.ts";
import { CHALLENGE, tokenOf } from "../platform/basic.ts";
import { type PlatformClient, passedOn } from "../platform/platform-client.ts";
import { PUSH_VARIABLE, SOCKET_VARIABLE } from "../push/hook-script.ts";
import type { PushSessions } from "../push/session.ts";
import type { Git } from "./git.ts";
import { MAX_PACK_BYTES } from "./git.ts";
import { runBackend, type Service, tooLarge } from "./http-backend.ts";
import type { Repositories } from "./repositories.ts";
import { type RepositoryName, repositoryName } from "./repository-name.ts";

export interface DoorOptions {
  git: Git;
  repositories: Repositories;
  platform: PlatformClient;
  sessions: PushSessions;
  hookSocket: string;
  log: Logger;
  /** At the same time; a push lasts as long as its deploy is shown. Defaults to 128. */
  maxRequests?: number;
  /** Packs that are taken at the same time: each costs memory. Defaults to 8. */
  maxPacks?: number;
}

/** A pack of the largest size and what is said around it. */
const MAX_BODY_BYTES = MAX_PACK_BYTES + 1024 ** 2;

/** A bounded number of something at once. */
class Places {
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** How to leave it; leaving twice is leaving once. @throws GitServerError Unavailable */
  take(): () => void {
    if (this.#free === 0)
      throw new GitServerError("Unavailable", "Cannot take the push: too many others are being sent", {
        hint: "Push again in a moment",
      });
    this.#free--;
    let held = true;
    return () => {
      if (held) this.#free++;
      held = false;
    };
  }
}

interface Call {
  name: RepositoryName;
  service: Service;
  /** What is below the repository: "info/refs", or the service's name. */
  rest: string;
}

/** git's smart HTTP: what a client may ask of a repository, for who may. Refusals are words that git shows. */
export function repositoryDoor(options: DoorOptions): Handler {
  const { maxRequests = 128, maxPacks = 8, log } = options;
  const packs = new Places(maxPacks);
  let underWay = 0;
  return async (handled) => {
    if (underWay >= maxRequests)
      return refuse(
        handled.response,
        new GitServerError("Unavailable", `Cannot serve the repository: ${underWay} requests are under way`, {
          hint: "Try again in a moment",
        }),
      );
    underWay++;
    try {
      await serve({ ...options, packs }, handled);
    } catch (error) {
      const refusal = toGitServerError(error);
      if (refusal.httpStatus >= 500) log.error({ err: error }, "Cannot serve a repository");
      refuse(handled.response, refusal);
    } finally {
      underWay--;
    }
  };
}

async function serve(options: DoorOptions & { packs: Places }, handled: HandledRequest): Promise<void> {
  const { platform, repositories, git, sessions, hookSocket, packs } = options;
  const { request, response } = handled;
  const call = callOf(handled);
  const { name, service, rest } = call;
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge(MAX_PACK_BYTES);
  const token = tokenOf(request);
  const access = await platform.call<AccessView>("GET", "access", { token, name }).catch((error) => {
    throw passedOn(error);
  });
  await admit(call, access, repositories);
  const isPack = service === "git-receive-pack" && rest !== "info/refs";
  const leave = isPack ? packs.take() : () => {};
  const session = sessions.open({ name, token, access, received: leave });
  try {
    await runBackend({
      git,
      root: repositories.root,
      path: `/${name.system}/${name.app}.git/${rest}`,
      query: rest === "info/refs" ? `service=${service}` : "",
      service,
      person: access.person,
      environment: { [PUSH_VARIABLE]: session.id, [SOCKET_VARIABLE]: hookSocket },
      request,
      response,
      maxBytes: MAX_BODY_BYTES,
    });
  } finally {
    leave();
    sessions.close(session);
  }
}

/** Recognises the shape of a request. @throws GitServerError NotFound, MethodNotAllowed */
function callOf({ request, segments, url }: HandledRequest): Call {
  const [system = "", file = "", ...below] = segments;
  const name = repositoryName(system, file);
  const rest = below.join("/");
  const wanted = rest === "info/refs" ? url.searchParams.get("service") : rest;
  const method = rest === "info/refs" ? "GET" : "POST";
  if (wanted !== "git-upload-pack" && wanted !== "git-receive-pack")
    throw new GitServerError("NotFound", "Cannot serve this path: only git's smart HTTP protocol is spoken", {
      hint: `Use it with git: git clone ${url.pathname.split("/").slice(0, 3).join("/")}`,
    });
  if (request.method !== method)
    throw new GitServerError("MethodNotAllowed", `Cannot ${request.method} this path: it takes ${method}`);
  return { name, service: wanted, rest };
}

/** Whether this person may, and the repository as it must be for it. */
async function admit({ name, service }: Call, access: AccessView, repositories: Repositories): Promise<void> {
  const { system, app } = name;
  if (!access.read)
    throw new GitServerError(
      "Forbidden",
      `Cannot serve ${system}/${app}: ${access.message ?? "you may not see it"}`,
      {
        hint: "Ask an owner of the system for a role",
      },
    );
  if (service === "git-receive-pack") {
    if (!access.deploy)
      throw new GitServerError(
        "Forbidden",
        `Cannot push to ${system}/${app}: ${access.message ?? "you may not deploy it"}`,
        {
          hint: "Ask an owner of the system for a role that allows it; you may fetch",
        },
      );
    return repositories.ensure(name, access.uid);
  }
  const owner = await repositories.owner(name);
  if (!access.exists || owner === undefined || owner !== access.uid)
    throw new GitServerError(
      "NotFound",
      `Cannot find a repository of ${system}/${app}: nothing was pushed to it yet`,
      {
        hint: "Push to it first: git push jdos main",
      },
    );
}

/** git shows plain text to its user. */
function refuse(response: ServerResponse, refusal: GitServerError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = `${[refusal.message, refusal.hint].filter((line) => line !== undefined).join("\n")}\n`;
  response.writeHead(refusal.httpStatus, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-cache",
    // What is left of a body is not read.
    connection: "close",
    ...(refusal.code === "Unauthorized" ? { "www-authenticate": CHALLENGE } : {}),
  });
  response.end(text);
}
