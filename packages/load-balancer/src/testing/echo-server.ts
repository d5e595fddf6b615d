import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server that answers every request with its name. */
export interface EchoServer {
  readonly port: number;
  readonly requests: () => number;
  /** Stops listening and waits for requests under way. */
  stop(): Promise<void>;
}

export async function startEcho(name: string): Promise<EchoServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    response.end(`${name} ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
