import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import {
  type Accepted,
  type AccessView,
  type ApiError,
  type ApplicationSpec,
  type DeployRequest,
  PROOF_HEADER,
  type ProgressEvent,
  type SourceParts,
} from "@jdos/api";

export const DEVELOPER = "token-of-a-developer";
export const VIEWER = "token-of-a-viewer";
const PERSONS: Readonly<Record<string, string>> = { [DEVELOPER]: "dev", [VIEWER]: "vera" };

export interface Upload {
  digest: string;
  /** A tar. */
  archive: Buffer;
}

export interface FakePlatformOptions {
  /** The lines of a deploy's progress; defaults to one that gets ready. May take its time. */
  progress?: (
    deploy: DeployRequest & { app: string },
    build: string,
  ) => AsyncIterable<ProgressEvent> | Iterable<ProgressEvent>;
}

export interface FakePlatform {
  readonly url: string;
  readonly uploads: Upload[];
  /** Parts of sources, by digest. */
  readonly parts: Map<string, Buffer>;
  readonly deploys: (DeployRequest & { app: string })[];
  /** By "system/app"; what is not here does not exist. */
  readonly applications: Map<string, { uid: string; triggers?: NonNullable<ApplicationSpec["triggers"]> }>;
  /** Answered instead of what would be, by "METHOD route", as often as there are. */
  readonly refusals: Map<string, { status: number; error: ApiError }[]>;
  progress: NonNullable<FakePlatformOptions["progress"]>;
  stop(): Promise<void>;
}

/** The platform API as a push sees it: the routes, and their words, without what stands behind them. */
export async function startFakePlatform({
  progress = getsReady,
}: FakePlatformOptions = {}): Promise<FakePlatform> {
  const platform = {
    uploads: [] as Upload[],
    parts: new Map(),
    deploys: [] as (DeployRequest & { app: string })[],
    applications: new Map(),
    refusals: new Map(),
    progress,
  } satisfies Omit<FakePlatform, "url" | "stop">;
  const server = createServer((request, response) => {
    void answer(platform, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(platform, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export function* getsReady(_: DeployRequest, build: string): Generator<ProgressEvent> {
  yield { type: "stage", stage: "source", state: "done", seconds: 0.2, message: "1 files, 1 KiB" };
  yield { type: "stage", stage: "build", state: "started" };
  yield { type: "stage", stage: "build", state: "done", seconds: 1.5, message: "node: package.json" };
  yield { type: "stage", stage: "release", state: "done", message: "release 1" };
  const result = {
    system: "demo",
    application: "hello",
    release: 1,
    build,
    image: "",
    replicas: 1,
    readyReplicas: 1,
  };
  yield {
    type: "ready",
    result: { ...result, url: "http://hello.demo.example:8080", seconds: { total: 2 } },
  };
}

async function answer(
  platform: Omit<FakePlatform, "url" | "stop">,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "", "http://platform");
  const [, , , , system = "", , app = "", ...rest] = url.pathname.split("/");
  const [route = "application", detail = "", digestSent = ""] = rest;
  const key = `${system}/${app}`;
  const say = (status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const person = PERSONS[String(request.headers[PROOF_HEADER]).replace("Bearer ", "")];
  if (person === undefined) return say(401, { code: "Unauthorized", message: "The token is not known" });
  const refusal = platform.refusals.get(`${request.method} ${route}`)?.shift();
  if (refusal !== undefined) {
    request.resume();
    return say(refusal.status, refusal.error);
  }
  const found = platform.applications.get(key);
  if (system !== "demo")
    return say(404, { code: "NotFound", message: `Cannot find system "${system}"`, hint: "Create it" });
  switch (`${request.method} ${route}`) {
    case "GET access":
      return say(200, {
        system,
        application: app,
        exists: found !== undefined,
        person,
        read: true,
        deploy: person === "dev",
        ...(person === "dev" ? {} : { message: "vera cannot create builds" }),
        ...found,
      } satisfies AccessView);
    case "POST application":
      platform.applications.set(key, { uid: randomUUID() });
      return say(201, {});
    case "POST source": {
      if (detail === "parts") {
        platform.parts.set(decodeURIComponent(digestSent), gunzipSync(await buffer(request)));
        return say(201, {});
      }
      const { parts } = (await json(request)) as SourceParts;
      const digests = parts.map((part) => part.digest);
      if (detail === "missing")
        return say(200, { missing: digests.filter((each) => !platform.parts.has(each)) });
      const archive = Buffer.concat(digests.map((each) => platform.parts.get(each)!));
      const digest = `sha256:${String(platform.uploads.length + 1).padStart(64, "0")}`;
      platform.uploads.push({ digest, archive });
      return say(201, { digest, sizeBytes: archive.length, seconds: 0 });
    }
    case "POST deploy": {
      platform.deploys.push({ ...((await json(request)) as DeployRequest), app });
      const build = `${app}-b${platform.deploys.length}`;
      return say(202, { system, application: app, generation: 1, build, changed: true } satisfies Accepted);
    }
    case "GET progress": {
      const build = url.searchParams.get("build") ?? "";
      const deploy = platform.deploys[Number(build.split("-b")[1]) - 1]!;
      for await (const event of platform.progress(deploy, build))
        response.write(`${JSON.stringify(event)}\n`);
      response.end();
      return;
    }
    default:
      return say(404, { code: "NotFound", message: "Cannot find this path" });
  }
}
