import {
  type ApplicationMetrics,
  type ApplicationUsage,
  type ApplicationUsageDetail,
  type ListOf,
  type MetricsQuery,
  PLATFORM_ROUTES,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { FastifyInstance } from "fastify";
import { applicationMetrics } from "../metrics/application-metrics.ts";
import { requirePrometheus } from "../metrics/ask.ts";
import { systemUsage, usageDetail } from "../metrics/usage.ts";
import { type RouteContext, sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, METRICS_QUERY, SYSTEM_PARAMS } from "./schemas.ts";
import { requireSystem } from "./systems.ts";
import { visibleApplications } from "./visible.ts";

/**
 * What applications use, out of Prometheus. Which applications and Pods there are is read as the person, and nothing is
 * asked of Prometheus but what was found so.
 */
export function metricsRoutes(server: FastifyInstance, context: RouteContext): void {
  const { clock } = context;
  server.get(PLATFORM_ROUTES.allUsage, async (request): Promise<ListOf<ApplicationUsage>> => {
    const { client } = sessionOf(request);
    const prometheus = requirePrometheus(context.prometheus);
    const applications = await visibleApplications(client);
    const systems = new Set(applications.map(({ metadata }) => metadata.namespace ?? ""));
    const items: ApplicationUsage[] = [];
    // One after another: Prometheus is not asked for all at once.
    for (const system of [...systems].sort()) {
      const usage = systemUsage({ client, prometheus, system });
      items.push(...(await usage.catch(unlessForbidden)));
    }
    return { items };
  });

  server.get<{ Params: { system: string } }>(
    PLATFORM_ROUTES.systemUsage,
    { schema: { params: SYSTEM_PARAMS } },
    async (request): Promise<ListOf<ApplicationUsage>> => {
      const { client } = sessionOf(request);
      const { system } = request.params;
      const prometheus = requirePrometheus(context.prometheus);
      const items = await systemUsage({ client, prometheus, system });
      if (items.length === 0) await requireSystem(client, system);
      return { items };
    },
  );

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.usage,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ApplicationUsageDetail> => {
      const { client } = sessionOf(request);
      await requireApplication(client, request.params);
      const prometheus = requirePrometheus(context.prometheus);
      return usageDetail({ client, prometheus, ...request.params });
    },
  );

  server.get<{ Params: AppParams; Querystring: MetricsQuery }>(
    PLATFORM_ROUTES.metrics,
    { schema: { params: APP_PARAMS, querystring: METRICS_QUERY } },
    async (request): Promise<ApplicationMetrics> => {
      const { client } = sessionOf(request);
      await requireApplication(client, request.params);
      const prometheus = requirePrometheus(context.prometheus);
      return applicationMetrics({
        client,
        prometheus,
        now: clock.now(),
        ...request.params,
        ...request.query,
      });
    },
  );
}

/** Who may see a system's applications may be kept from its Pods: it is left out of the list of all. */
function unlessForbidden(error: unknown): ApplicationUsage[] {
  if (isStatus(error, "Forbidden")) return [];
  throw error;
}
