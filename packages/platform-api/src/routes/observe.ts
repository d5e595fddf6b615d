import {
  type EventView,
  type Explanation,
  type ListOf,
  type LogLine,
  type LogQuery,
  PLATFORM_ROUTES,
  type PodView,
} from "@jdos/api";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { findPod, podsOf } from "../exec/find-pod.ts";
import { explain } from "../explain/explain.ts";
import { readWorld } from "../explain/read-world.ts";
import { type ApplicationLogOptions, followLogs, readLogs } from "../logs/follow.ts";
import { sendNdjson } from "../streams/ndjson.ts";
import { eventView } from "../views/event-view.ts";
import { podView } from "../views/pod-view.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, LOG_QUERY } from "./schemas.ts";

const DEFAULT_TAIL_LINES = 200;

export function observeRoutes(server: FastifyInstance, { imagePrefix }: RouteContext): void {
  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.pods,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ListOf<PodView>> => {
      const { client } = sessionOf(request);
      await requireApplication(client, request.params);
      return { items: (await podsOf({ client, ...request.params })).map(podView) };
    },
  );

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.events,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ListOf<EventView>> => {
      const { client } = sessionOf(request);
      await requireApplication(client, request.params);
      const { events } = await readWorld({ client, imagePrefix, ...request.params });
      return { items: events.map(eventView).toSorted((a, b) => a.time.localeCompare(b.time)) };
    },
  );

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.why,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<Explanation> => {
      const { client } = sessionOf(request);
      await requireApplication(client, request.params);
      return explain(await readWorld({ client, imagePrefix, ...request.params }));
    },
  );

  server.get<{ Params: AppParams; Querystring: LogQuery }>(
    PLATFORM_ROUTES.logs,
    { schema: { params: APP_PARAMS, querystring: LOG_QUERY } },
    async (request, reply) => {
      const { client } = sessionOf(request);
      const { follow, tail = DEFAULT_TAIL_LINES, ...query } = request.query;
      if (follow === true && query.previous === true) {
        throw new PlatformError(
          "BadRequest",
          "Cannot follow the log of a container that has ended: follow and previous exclude each other",
        );
      }
      await requireApplication(client, request.params);
      const options = { client, ...request.params, ...query, tailLines: tail < 0 ? undefined : tail };
      if (query.pod !== undefined) await findPod(options);
      await sendNdjson(reply, (signal) =>
        follow === true ? followLogs({ ...options, signal }) : presentLogs({ ...options, signal }),
      );
    },
  );
}

async function* presentLogs(options: ApplicationLogOptions): AsyncGenerator<LogLine> {
  const pods = (await podsOf(options)).filter(
    ({ metadata }) => options.pod === undefined || metadata.name === options.pod,
  );
  yield* await readLogs(pods, options);
}
