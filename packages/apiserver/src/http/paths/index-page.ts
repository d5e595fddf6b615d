import type { Core } from "../../registry/call.ts";
import { json } from "../answer.ts";
import { servedGroups } from "../discovery/resources.ts";
import type { ApiResponse } from "../request.ts";

/** GET /: the paths there are. */
export function handleIndex(core: Core): ApiResponse {
  const groups = servedGroups(core.catalog).filter(({ group }) => group !== "");
  const named = groups.flatMap(({ group, versions }) => [
    `/apis/${group}`,
    ...versions.map(({ version }) => `/apis/${group}/${version}`),
  ]);
  const paths = [
    "/api",
    "/api/v1",
    "/apis",
    ...named,
    "/healthz",
    "/livez",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/readyz",
    "/version",
  ];
  return json(200, `${JSON.stringify({ paths }, null, 2)}\n`);
}
