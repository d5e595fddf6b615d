import { once } from "node:events";
import { rm } from "node:fs/promises";
import type { Running } from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import type { PlatformStatus } from "./status.ts";

/** Answers what runs, on a Unix socket that only root reaches: GET /status, GET /metrics. */
export async function startControlServer(
  socketPath: string,
  { status, metrics }: { status(): PlatformStatus; metrics(): Promise<string> },
): Promise<Running> {
  await rm(socketPath, { force: true });
  const server = http.createServer((request, response) => {
    const answer = async (): Promise<string> => {
      if (request.url === "/status") return JSON.stringify(status());
      if (request.url === "/metrics") return metrics();
      response.statusCode = 404;
      return "";
    };
    answer().then(
      (text) => response.end(text),
      () => response.writeHead(500).end(),
    );
  });
  const before = process.umask(0o077);
  try {
    server.listen(socketPath);
    await once(server, "listening");
  } finally {
    process.umask(before);
  }
  return {
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
