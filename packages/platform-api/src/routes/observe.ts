import {
  type EventView,
  type Explanation,
  type ListOf,
  type LogLine,
  type LogQuery,
  PLATFORM_ROUTES,
  type PodView,
  RELEASE_LABEL,
} from "@jdos/api";
import type { Client } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { findPod, podsOf } from "../exec/find-pod.ts";
import { explain } from "../explain/explain.ts";
import { readWorld } from "../explain/read-world.ts";
import { type ApplicationLogOptions, followLogs, readLogs } from "../logs/follow.ts";
import { isAboutThePast, readHistory } from "../logs/history.ts";
import { type LogStoreClient, noLogStore } from "../logs/log-store.ts";
import { mayReadLogs } from "../logs/may-read-logs.ts";
import { sendNdjson } from "../streams/ndjson.ts";
import { eventView } from "../views/event-view.ts";
import { podView } from "../views/pod-view.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, LOG_QUERY } from "./schemas.ts";

const DEFAULT_TAIL_LINES = 200;

export function observeRoutes(server: FastifyInstance, { imagePrefix, logStore }: RouteContext): void {
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
      const { query } = request;
      refuseTogether(query);
      await requireApplication(client, request.params);
      const past = await storeFor({ client, ...request.params, query }, logStore);
      const { follow, tail = DEFAULT_TAIL_LINES, previous, sinceSeconds, pod, container } = query;
      const live = { client, ...request.params, previous, sinceSeconds, pod, container };
      const options = { ...live, tailLines: tail < 0 ? undefined : tail };
      if (past) {
        await mayReadLogs(client, request.params.system);
        const fresh = (signal: AbortSignal) => async (seconds: number) =>
          Array.fromAsync(presentLogs({ ...live, sinceSeconds: seconds, signal }, query.release));
        await sendNdjson(reply, (signal) =>
          readHistory({ client, ...request.params, query, store: past, fresh: fresh(signal), signal }),
        );
        return;
      }
      if (pod !== undefined) await findPod(options);
      await sendNdjson(reply, (signal) =>
        follow === true ? followLogs({ ...options, signal }) : presentLogs({ ...options, signal }),
      );
    },
  );
}

/** @throws PlatformError BadRequest for what cannot be asked at once */
function refuseTogether(query: LogQuery): void {
  const { follow, previous, sinceSeconds: _, ...rest } = query;
  if (follow === true && previous === true) {
    throw new PlatformError(
      "BadRequest",
      "Cannot follow the log of a container that has ended: follow and previous exclude each other",
    );
  }
  if ((follow === true || previous === true) && isAboutThePast(rest))
    throw new PlatformError(
      "BadRequest",
      "Cannot search while following, or the container before alone: until, grep and release exclude follow and previous",
      { hint: "Leave one of them out" },
    );
}

/** The log store when it is to answer; undefined when the Pods are. @throws PlatformError NoLogStore */
async function storeFor(
  options: { client: Client; query: LogQuery } & AppParams,
  store: LogStoreClient | undefined,
): Promise<LogStoreClient | undefined> {
  const { client, query, system, app } = options;
  const { follow, previous, sinceSeconds: _, ...rest } = query;
  if (follow === true || previous === true) return undefined;
  if (isAboutThePast(query)) {
    if (store === undefined && isAboutThePast(rest)) throw noLogStore();
    return store;
  }
  if (query.pod === undefined || store === undefined) return undefined;
  const pods = await podsOf({ client, system, app });
  return pods.some(({ metadata }) => metadata.name === query.pod) ? undefined : store;
}

async function* presentLogs(options: ApplicationLogOptions, release?: number): AsyncGenerator<LogLine> {
  const pods = (await podsOf(options)).filter(
    ({ metadata }) =>
      (options.pod === undefined || metadata.name === options.pod) &&
      (release === undefined || metadata.labels?.[RELEASE_LABEL] === String(release)),
  );
  yield* await readLogs(pods, options);
}
