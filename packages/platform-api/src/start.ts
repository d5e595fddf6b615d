import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import { PLATFORM_ROUTES } from "@jdos/api";
import { http } from "@jdos/component-base/http";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "./errors.ts";
import type { ListenAddress, PlatformApiOptions } from "./options.ts";
import { createServer } from "./server.ts";

export interface PlatformApi {
  /** http://127.0.0.1:7080 */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the HTTP API for people, and the registry's token endpoint on its own address. */
export async function start(options: PlatformApiOptions): Promise<PlatformApi> {
  const server = await createServer(options);
  const url = await listen(server.server, options.listen);
  // Who listens on every address serves the tokens there too.
  const apart = options.registryTokenListen !== undefined && !["0.0.0.0", "::"].includes(options.listen.host);
  const token = apart ? tokenServer(server) : undefined;
  try {
    if (token !== undefined) await listen(token, options.registryTokenListen!);
  } catch (error) {
    await server.close();
    throw error;
  }
  options.log.info({ url }, "Serving the platform API");
  return {
    url,
    async stop() {
      token?.closeAllConnections();
      token?.close();
      server.server.closeAllConnections();
      await server.close();
    },
  };
}

/**
 * An address that Pods reach too: they get the registry's tokens and nothing else. Callers of this host, like the API
 * server's services/proxy, get everything.
 */
function tokenServer(server: FastifyInstance): Server {
  const own = http.createServer((request, response) => {
    if (isOfThisHost(request) || request.url?.split("?")[0] === PLATFORM_ROUTES.registryToken) {
      server.routing(request, response);
      return;
    }
    response.writeHead(404, { "content-type": "application/json" });
    response.end(
      JSON.stringify(
        new PlatformError(
          "NotFound",
          "Cannot find this path: only the registry's tokens are served on this address",
        ).toBody(),
      ),
    );
  });
  own.on("upgrade", (request, socket, head) => {
    if (isOfThisHost(request)) server.server.emit("upgrade", request, socket, head);
    else socket.destroy();
  });
  return own;
}

/** A host that calls an address of its own calls from it; Pods have addresses of their own. */
function isOfThisHost({ socket }: IncomingMessage): boolean {
  return socket.remoteAddress !== undefined && socket.remoteAddress === socket.localAddress;
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<string> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    throw new PlatformError(
      "Unavailable",
      `Cannot listen on ${host}:${port}: ${taken ? "the port is already taken" : (error as Error).message}`,
      {
        hint: taken
          ? `See who holds it (ss -ltnp 'sport = :${port}'), or start another instance with --instance`
          : "Check the address",
        cause: error,
      },
    );
  }
  const address = server.address();
  return `http://${host}:${typeof address === "object" && address !== null ? address.port : port}`;
}
