import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { GitServerError } from "./errors.ts";
import type { GitServerOptions } from "./options.ts";
import { createServer } from "./server.ts";

export interface GitServer {
  /** http://127.0.0.1:7090 */
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves repositories and webhooks. */
export async function start(options: GitServerOptions): Promise<GitServer> {
  const { log, listen, dataDirectory } = options;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const server = createServer({}, log);
  server.listen(listen);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new GitServerError("Unavailable", `Cannot listen on ${listen.host}:${listen.port}`, {
      hint: "Free the port or choose another",
      cause,
    });
  }
  const url = `http://${listen.host}:${(server.address() as AddressInfo).port}`;
  log.info({ url }, "Serving git");
  return {
    url,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
