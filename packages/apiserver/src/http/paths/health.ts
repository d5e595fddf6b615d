import { text } from "../answer.ts";
import type { ApiRequest, ApiResponse } from "../request.ts";

/** GET /healthz, /livez, /readyz: a server that answers has opened its store. */
export function handleHealth(request: ApiRequest): ApiResponse {
  const name = request.path.split("/")[1]!;
  return text(200, request.query.has("verbose") ? `[+]ping ok\n[+]store ok\n${name} check passed\n` : "ok");
}
