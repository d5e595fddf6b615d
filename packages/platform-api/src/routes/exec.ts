import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { PLATFORM_ROUTES, QUERY_HEADER } from "@jdos/api";
import type { Logger } from "@jdos/component-base";
import { PlatformError, toPlatformError } from "../errors.ts";
import { readExecQuery, refuseUpgrade, tunnelExec } from "../exec/tunnel.ts";
import type { Session } from "./context.ts";
import { requireApplication } from "./find-application.ts";
import { APP_NAME, SYSTEM_NAME } from "./schemas.ts";

export interface ExecRouteOptions {
  log: Logger;
  /** Logs the request in. @throws PlatformError Unauthorized */
  session(request: IncomingMessage): Promise<Session>;
}

const PATH = new RegExp(`^${PLATFORM_ROUTES.exec.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)")}$`);

/** Serves the upgrade of exec; any other upgrade is refused. Returns how to end the sessions that are open. */
export function serveExec(server: Server, { log, session }: ExecRouteOptions): () => void {
  const open = new Set<Duplex>();
  server.on("upgrade", (request, socket, head) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    handle(request, socket, head).catch((error) => {
      const refusal = toPlatformError(error);
      if (refusal.httpStatus >= 500) log.error({ err: error }, "Cannot serve exec");
      refuseUpgrade(socket, refusal);
    });
  });

  return () => {
    for (const socket of open) socket.destroy();
  };

  async function handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? "/", "http://platform");
    const { client } = await session(request);
    const params = PATH.exec(url.pathname)?.groups;
    if (params === undefined)
      throw new PlatformError("NotFound", `Cannot upgrade "${url.pathname}": only exec is upgraded`);
    const system = named(params.system ?? "", SYSTEM_NAME.pattern, "system");
    const app = named(params.app ?? "", APP_NAME.pattern, "app");
    const query = readExecQuery(queryOf(request, url));
    await requireApplication(client, { system, app });
    await tunnelExec(request, socket, head, { client, system, app, query });
  }
}

/** What the address says, or the header where a proxy dropped that. */
function queryOf({ headers }: IncomingMessage, url: URL): URLSearchParams {
  const told = headers[QUERY_HEADER];
  return url.search === "" && typeof told === "string" ? new URLSearchParams(told) : url.searchParams;
}

function named(text: string, pattern: string, field: string): string {
  if (new RegExp(pattern).test(text)) return text;
  throw new PlatformError("Invalid", `Cannot run a command: "${field}" must match ${pattern}`, { field });
}
