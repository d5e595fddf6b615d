import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Logger } from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import { GitServerError, toGitServerError } from "./errors.ts";
import type { Doors, HandledRequest, Handler } from "./handler.ts";

/** A push of 1 GiB over a slow line takes its time; who sends nothing is ended by `timeout`. */
const REQUEST_TIMEOUT_MILLIS = 2 * 3600 * 1000;
const HEADERS_TIMEOUT_MILLIS = 30_000;
const MAX_CONNECTIONS = 1024;

/** Everything but listening: hands each request to the door that its path names. */
export function createServer(doors: Doors, log: Logger): Server {
  const server = http.createServer(
    { requestTimeout: REQUEST_TIMEOUT_MILLIS, headersTimeout: HEADERS_TIMEOUT_MILLIS },
    (request, response) => {
      void serve({ request, response }, doors).catch((error: unknown) => refuse(response, error, log));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

async function serve(
  { request, response }: Pick<HandledRequest, "request" | "response">,
  doors: Doors,
): Promise<void> {
  const { url, segments } = pathOf(request);
  if (segments[0] === "healthz" && segments.length === 1) {
    response.writeHead(200, { "content-type": "text/plain" }).end("ok\n");
    return;
  }
  const hooks = segments[0] === "hooks";
  const handler: Handler | undefined = hooks ? doors.hooks : doors.repositories;
  if (handler === undefined) throw notFound(url);
  await handler({ request, response, url, segments: hooks ? segments.slice(1) : segments });
}

function pathOf(request: IncomingMessage): { url: URL; segments: string[] } {
  try {
    const url = new URL(request.url ?? "/", "http://git-server");
    return { url, segments: url.pathname.slice(1).split("/").map(decodeURIComponent) };
  } catch (cause) {
    throw new GitServerError("BadRequest", "Cannot read the request: its path is malformed", { cause });
  }
}

export function notFound(url: URL): GitServerError {
  return new GitServerError("NotFound", `Cannot find "${url.pathname}"`, {
    hint: "Repositories are /<system>/<application>.git, webhooks /hooks/<system>/<webhook>",
  });
}

function refuse(response: ServerResponse, error: unknown, log: Logger): void {
  const refusal = toGitServerError(error);
  if (refusal.httpStatus >= 500) log.error({ err: error }, "Cannot answer a request");
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = `${JSON.stringify(refusal.toBody())}\n`;
  response.writeHead(refusal.httpStatus, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    // What is left of a body is not read.
    connection: "close",
  });
  response.end(text);
}
