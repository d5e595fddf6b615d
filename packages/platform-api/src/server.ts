import type { IncomingHttpHeaders } from "node:http";
import { createTokenReviewer, type UserInfo } from "@jdos/client";
import { applicationImages, systemClock } from "@jdos/component-base";
import { createPrometheus } from "@jdos/component-base/prometheus";
import fastify, { type FastifyInstance } from "fastify";
import { PlatformError, toPlatformError } from "./errors.ts";
import { createLogin, proofOf, unauthorized } from "./login/login.ts";
import { EVERYBODY, servedPerson } from "./login/persons.ts";
import { LogStoreClient } from "./logs/log-store.ts";
import { DEFAULTS, type PlatformApiOptions, readAdminToken } from "./options.ts";
import { pageRoutes } from "./page/routes.ts";
import { RateLimit } from "./rate-limit.ts";
import { createTokenIssuer } from "./registry-token/issuer.ts";
import { applicationRoutes } from "./routes/applications.ts";
import { buildRoutes } from "./routes/builds.ts";
import { canaryRoutes } from "./routes/canary.ts";
import { changeRoutes } from "./routes/changes.ts";
import { type RouteContext, type Session, setSession } from "./routes/context.ts";
import { deployRoutes } from "./routes/deploy.ts";
import { serveExec } from "./routes/exec.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { imageRoutes } from "./routes/images.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { observeRoutes } from "./routes/observe.ts";
import { previewRoutes } from "./routes/previews.ts";
import { promoteRoutes } from "./routes/promote.ts";
import { registryTokenRoutes } from "./routes/registry-token.ts";
import { releaseRoutes } from "./routes/releases.ts";
import { secretRoutes } from "./routes/secrets.ts";
import { sourceRoutes } from "./routes/source.ts";
import { statusRoutes } from "./routes/status.ts";
import { systemSettingsRoutes } from "./routes/system-settings.ts";
import { systemRoutes } from "./routes/systems.ts";
import { verificationRoutes } from "./routes/verification.ts";
import { createRegistryAccess } from "./source/registry-access.ts";

/** Bodies of JSON; sources have a bound of their own. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_CONNECTIONS = 2048;

/** Everything but listening. */
export async function createServer(options: PlatformApiOptions): Promise<FastifyInstance> {
  const { client, log } = options;
  const adminToken = readAdminToken(options);
  const login = createLogin(client, [
    { ...DEFAULTS.admin, ...options.admin, token: adminToken },
    ...(options.users ?? []),
  ]);
  const { registry } = options;
  const issuer = registry.token === undefined ? undefined : await createTokenIssuer(registry.token);
  const limit = new RateLimit({ perSecond: options.requestsPerSecond ?? DEFAULTS.requestsPerSecond });
  const { host = DEFAULTS.registryHost, prefix = "", harbor } = registry;
  const images = applicationImages({ host, prefix, ...(harbor && { harbor }) });
  const context: RouteContext = {
    ownClient: client,
    log,
    version: options.version ?? DEFAULTS.version,
    ports: options.ports,
    routes: {
      domain: options.routesDomain ?? DEFAULTS.routesDomain,
      port: options.ports.routes,
      ingressClass: options.ingressClass ?? DEFAULTS.ingressClass,
      ...(options.gitUrl === undefined ? {} : { gitUrl: options.gitUrl }),
    },
    registry: createRegistryAccess(registry, issuer, images),
    images,
    imagePrefix: harbor === undefined ? `${host}/${prefix}` : `${host}/`,
    harbor: harbor !== undefined,
    webhookMasterKey: options.webhookMasterKey,
    signingPublicKey: options.signingPublicKey,
    prometheus: options.metrics && createPrometheus(options.metrics),
    clock: systemClock,
    logStore: options.logs === undefined ? undefined : new LogStoreClient(options.logs),
    maxSourceBytes: options.maxSourceBytes ?? DEFAULTS.maxSourceBytes,
    maxUploads: options.maxUploads ?? DEFAULTS.maxUploads,
  };
  const refused = (): void => limit.pass("without a login");
  const review = createTokenReviewer({ client, beforeReview: () => limit.pass("token reviews") });
  const personOf = async (token: string): Promise<UserInfo | undefined> => {
    const local = login.userOf(token);
    if (local !== undefined) return local;
    const reviewed = await review(token);
    return reviewed === undefined ? undefined : servedPerson(reviewed, options.persons ?? EVERYBODY);
  };
  const session = async (headers: IncomingHttpHeaders): Promise<Session> => {
    const token = proofOf(headers);
    const person = token === undefined ? undefined : await personOf(token);
    if (person === undefined) {
      refused();
      throw unauthorized(token !== undefined);
    }
    limit.pass(person.name);
    return { person, client: login.clientFor(person) };
  };

  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: "array", allErrors: false } },
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  server.removeContentTypeParser("text/plain");
  server.setErrorHandler((error, _request, reply) => {
    const refusal = toPlatformError(error);
    if (refusal.httpStatus >= 500) log.error({ err: error }, "Cannot answer a request");
    return reply.code(refusal.httpStatus).send(refusal.toBody());
  });
  server.setNotFoundHandler((request) => {
    throw new PlatformError(
      "NotFound",
      `Cannot ${request.method} "${request.url.split("?")[0]}": there is no such path`,
      { hint: "The API begins with /api/v1/" },
    );
  });
  server.get("/healthz", async (_request, reply) => reply.type("text/plain").send("ok"));
  pageRoutes(server, { login, version: context.version, routes: context.routes, refused });
  if (issuer !== undefined)
    registryTokenRoutes(server, {
      issuer,
      identify: {
        client,
        adminToken,
        nodePassword: registry.nodePassword,
        retentionPassword: registry.retentionPassword,
      },
    });
  server.register(async (api) => {
    api.addHook("onRequest", async (request) => setSession(request, await session(request.headers)));
    statusRoutes(api, context);
    systemRoutes(api);
    systemSettingsRoutes(api);
    secretRoutes(api);
    applicationRoutes(api, context);
    sourceRoutes(api, context);
    deployRoutes(api, context);
    buildRoutes(api, context);
    releaseRoutes(api);
    verificationRoutes(api, context);
    imageRoutes(api, context);
    promoteRoutes(api, context);
    canaryRoutes(api);
    changeRoutes(api);
    observeRoutes(api, context);
    metricsRoutes(api, context);
    hookRoutes(api, context);
    previewRoutes(api, context);
  });
  const endSessions = serveExec(server.server, {
    log,
    session: (request) => session(request.headers),
  });
  server.addHook("preClose", async () => endSessions());
  await server.ready();
  return server;
}
