import { generateKeyPairSync } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Client, UserInfo } from "@jdos/client";
import { TokenSigner } from "./authentication/service-account-token.ts";
import { TokenAuthenticator } from "./authentication/token-authenticator.ts";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import { keepKubernetesService } from "./bootstrap/kubernetes-service.ts";
import { createCore } from "./core.ts";
import { type Installer, startInstaller } from "./customresources/index.ts";
import { ApiServerError } from "./errors.ts";
import { dispatch } from "./http/dispatch.ts";
import { type Door, openDoor } from "./http/door.ts";
import { createExtensions } from "./http/extensions.ts";
import { ServerMetrics } from "./http/metrics.ts";
import type { ApiRequest } from "./http/request.ts";
import { createHttpServer } from "./http/server.ts";
import { InProcessClient } from "./inprocess/client.ts";
import { createRawDoor } from "./inprocess/raw-door.ts";
import { type ApiServerOptions, DEFAULT_SERVICE_CIDR } from "./options.ts";
import type { Core } from "./registry/call.ts";
import { startEventExpiry } from "./registry/event-expiry.ts";
import { installReviews } from "./reviews/install.ts";

const BOOKMARK_MILLIS = 60_000;

/** A running API server. */
export interface ApiServer {
  /** An in-process client of a user; the server itself is the user's only authority. */
  clientFor(user: UserInfo): Client;
  /** Of the first address listened on: "https://127.0.0.1:7443". */
  readonly url: string | undefined;
  /** The last committed revision. */
  revision(): number;
  /** Opens another door, once its address is there. Returns its URL. */
  listenOn(host: string, port: number): Promise<string>;
  /** The parts, for tests that look inside. */
  readonly core: Core;
  /** Ends watches and connections, writes what is decided, closes the file. */
  stop(): Promise<void>;
}

/** Opens the store, ensures what every cluster has, and listens. */
export async function start(options: ApiServerOptions): Promise<ApiServer> {
  const now = options.now ?? (() => new Date());
  const signer = new TokenSigner(options.serviceAccountKeyPem ?? freshKey());
  const core = createCore({
    path: storePath(options.dataDir),
    serviceCidr: options.serviceCidr ?? DEFAULT_SERVICE_CIDR,
    signer,
    now,
    ...(options.disabledAdmission === undefined ? {} : { disabledAdmission: options.disabledAdmission }),
  });
  const tokens = new TokenAuthenticator({
    store: core.store,
    signer,
    now,
    ...(options.staticTokens === undefined ? {} : { staticTokens: options.staticTokens }),
  });
  installReviews(core.catalog, { tokens, authorizer: core.authorizer });
  const metrics = new ServerMetrics(core.store);
  const extensions = createExtensions({ core, options, metrics });
  const answer = async (request: ApiRequest) => {
    const startedAt = performance.now();
    const response = await dispatch(core, request, extensions);
    metrics.observe(request, response, startedAt);
    return response;
  };
  const door = createRawDoor({ answer, connect: (request) => extensions.connect(request) });
  const clientFor = ({ name, groups = [] }: UserInfo) => new InProcessClient(core, door, { name, groups });
  const doors: Door[] = [];
  const urls: string[] = [];

  const listenOn = async (host: string, port: number) => {
    if (options.tls === undefined) {
      throw new ApiServerError("OPTIONS_INVALID", `Cannot listen on "${host}": no certificate`, {
        hint: "Give the option tls",
      });
    }
    const server = createHttpServer({
      core,
      tls: options.tls,
      tokens,
      log: options.log,
      answer,
      upgrade: (request, socket, head) => extensions.upgrade(request, socket, head),
    });
    const opened = await openDoor(server, { host, port });
    doors.push(opened);
    const url = `https://${host}:${opened.port}`;
    urls.push(url);
    options.log.info({ url }, "API server listens");
    return url;
  };

  const bookmarks = setInterval(() => core.store.bookmark(), BOOKMARK_MILLIS);
  bookmarks.unref();
  const own = clientFor({ name: "system:apiserver", groups: ["system:masters"] });
  let installer: Installer | undefined;
  const { log, advertise, serviceCidr = DEFAULT_SERVICE_CIDR } = options;
  const stopKeeping = keepKubernetesService(own, {
    log,
    serviceCidr,
    ...(advertise === undefined ? {} : { advertise }),
  });
  const stopExpiry = startEventExpiry({ client: own, store: core.store, now, log: options.log });
  const stop = async () => {
    clearInterval(bookmarks);
    stopExpiry();
    stopKeeping();
    await installer?.stop();
    await core.store.close();
    await Promise.all(doors.map((each) => each.close()));
  };
  try {
    await Promise.all([bootstrap(own, options), core.store.ready()]);
    installer = await startInstaller({
      client: own,
      catalog: core.catalog,
      now,
      onError: (error) => options.log.error({ err: error }, "Custom resources cannot be served"),
    });
    for (const { host, port } of options.listen ?? []) await listenOn(host, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { clientFor, url: urls[0], revision: () => core.store.revision, listenOn, core, stop };
}

function storePath(dataDir: string): string {
  if (dataDir === ":memory:") return dataDir;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return join(dataDir, "store.sqlite");
}

function freshKey(): string {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }) as string;
}
