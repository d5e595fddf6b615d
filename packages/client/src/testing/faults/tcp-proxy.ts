import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy that sees bytes alone: TLS goes through it from end to end. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that were made so far. */
  readonly connections: number;
  /** What becomes of bytes from the server to the client, from now on. */
  meddle: (bytes: Buffer) => Buffer;
  cut(): void;
  stop(): Promise<void>;
}

export async function startTcpProxy({ host, port }: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const keep = (socket: Socket, peer: Socket): void => {
    sockets.add(socket);
    socket
      .on("error", () => peer.destroy())
      .once("close", () => {
        sockets.delete(socket);
        peer.destroy();
      });
  };
  const server = createServer((client) => {
    connections++;
    const upstream = connect(port, host);
    keep(client, upstream);
    keep(upstream, client);
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => client.write(proxy.meddle(bytes)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    meddle: (bytes) => bytes,
    cut,
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
