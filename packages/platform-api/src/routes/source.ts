import type { IncomingMessage } from "node:http";
import { PLATFORM_ROUTES, type SourceUploaded } from "@jdos/api";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { refuseIfFull } from "../source/registry-full.ts";
import { tooLarge, uploadSource } from "../source/upload.ts";
import { mayBuild } from "./access.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import type { AppParams } from "./find-application.ts";
import { APP_PARAMS } from "./schemas.ts";

const ARCHIVE_TYPES = [
  "application/gzip",
  "application/x-gzip",
  "application/x-tar+gzip",
  "application/octet-stream",
];

export function sourceRoutes(
  server: FastifyInstance,
  { ownClient, registry, maxSourceBytes, maxUploads }: RouteContext,
): void {
  let underWay = 0;
  server.addContentTypeParser(ARCHIVE_TYPES, (_request, payload, done) => done(null, payload));

  server.post<{ Params: AppParams; Body: IncomingMessage }>(
    PLATFORM_ROUTES.source,
    { schema: { params: APP_PARAMS }, bodyLimit: maxSourceBytes },
    async (request, reply): Promise<SourceUploaded> => {
      const { client, person } = sessionOf(request);
      const started = performance.now();
      if (Number(request.headers["content-length"] ?? 0) > maxSourceBytes) throw tooLarge(maxSourceBytes);
      if (request.body === undefined || request.body === null)
        throw new PlatformError("UnsupportedMediaType", "Cannot take the source: the request has no body", {
          hint: "Send a tar.gz with content type application/gzip",
        });
      await mayBuild(client, request.params);
      await refuseIfFull(ownClient);
      if (underWay >= maxUploads)
        throw new PlatformError(
          "TooManyRequests",
          `Cannot take the source: ${underWay} uploads are under way`,
          { hint: "Try again in a moment" },
        );
      underWay++;
      try {
        const repository = registry.repositoryOf(request.params.system, request.params.app);
        const uploaded = await uploadSource({
          registryUrl: registry.url,
          repository,
          authorization: await registry.authorize(person.name, repository),
          body: request.body,
          maxBytes: maxSourceBytes,
        });
        reply.code(201);
        return { ...uploaded, seconds: (performance.now() - started) / 1000 };
      } finally {
        underWay--;
      }
    },
  );
}
