import type { IncomingMessage } from "node:http";
import {
  MAX_SOURCE_PARTS,
  type MissingParts,
  PLATFORM_ROUTES,
  type SourcePart,
  type SourceParts,
  type SourceUploaded,
} from "@jdos/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { PlatformError } from "../errors.ts";
import { readPart } from "../source/read-part.ts";
import { refuseIfFull } from "../source/registry-full.ts";
import { requireProject } from "../source/require-project.ts";
import { SourceStore } from "../source/source-store.ts";
import { Turns } from "../source/turns.ts";
import { mayBuild } from "./access.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import type { AppParams } from "./find-application.ts";
import { APP_PARAMS, PART_PARAMS, SOURCE_PARTS } from "./schemas.ts";

/** Of the list of a source's parts. */
const LIST_BYTES = MAX_SOURCE_PARTS * 160;

export function sourceRoutes(
  server: FastifyInstance,
  { ownClient, registry, harbor, maxSourceBytes, maxUploads }: RouteContext,
): void {
  const turns = new Turns({ places: maxUploads });
  server.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));

  /** As the person, who must be allowed to build the application. */
  const open = async (request: FastifyRequest<{ Params: AppParams }>): Promise<SourceStore> => {
    const { client, person } = sessionOf(request as FastifyRequest);
    const { system, app } = request.params;
    await mayBuild(client, request.params);
    await refuseIfFull(ownClient);
    if (harbor) await requireProject(client, system);
    const repository = registry.repositoryOf(system, app);
    const authorization = await registry.authorize(person.name, repository);
    return new SourceStore({ registryUrl: registry.url, repository, authorization });
  };
  const refuseLarge = ({ parts }: SourceParts): void => {
    if (parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > maxSourceBytes)
      throw tooLarge(maxSourceBytes);
  };

  server.post<{ Params: AppParams; Body: SourceParts }>(
    PLATFORM_ROUTES.missingParts,
    { schema: { params: APP_PARAMS, body: SOURCE_PARTS }, bodyLimit: LIST_BYTES },
    async (request): Promise<MissingParts> => {
      refuseLarge(request.body);
      const store = await open(request);
      return { missing: await store.missing(request.body.parts) };
    },
  );

  server.post<{ Params: AppParams & { digest: string }; Body: IncomingMessage }>(
    PLATFORM_ROUTES.sourcePart,
    { schema: { params: PART_PARAMS } },
    async (request, reply): Promise<SourcePart> => {
      const { body, params } = request;
      if (body === undefined || body === null)
        throw new PlatformError(
          "UnsupportedMediaType",
          "Cannot take a part of the source: there is no body",
          {
            hint: "Send its bytes with content type application/octet-stream",
          },
        );
      const store = await open(request);
      return turns.run(async () => {
        const bytes = await readPart(body, params.digest);
        await store.put(params.digest, bytes);
        reply.code(201);
        return { digest: params.digest, sizeBytes: bytes.length };
      });
    },
  );

  server.post<{ Params: AppParams; Body: SourceParts }>(
    PLATFORM_ROUTES.source,
    { schema: { params: APP_PARAMS, body: SOURCE_PARTS }, bodyLimit: LIST_BYTES },
    async (request, reply): Promise<SourceUploaded> => {
      const started = performance.now();
      refuseLarge(request.body);
      const store = await open(request);
      const uploaded = await store.finish(request.body.parts);
      reply.code(201);
      return { ...uploaded, seconds: (performance.now() - started) / 1000 };
    },
  );
}

function tooLarge(maxBytes: number): PlatformError {
  return new PlatformError(
    "TooLarge",
    `Cannot take the source: it is larger than ${Math.floor(maxBytes / 1024 / 1024)} MiB`,
    {
      hint: "Name what need not travel (node_modules, data, builds) in .gitignore or .dockerignore",
    },
  );
}
