import type { Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { messageOf } from "@jdos/apimachinery";
import { ApiServerError } from "../errors.ts";

/** An open port. */
export interface Door {
  readonly port: number;
  /** Ends every connection, upgraded ones too. */
  close(): Promise<void>;
}

/** @throws ApiServerError LISTEN_FAILED */
export async function openDoor(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<Door> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: Error) => {
      reject(
        new ApiServerError("LISTEN_FAILED", `Cannot listen on "${host}:${port}": ${messageOf(error)}`, {
          hint: "Check that no other process holds the port and that the address is on this machine",
          cause: error,
        }),
      );
    };
    server.once("error", refused);
    server.listen({ host, port }, () => {
      server.off("error", refused);
      resolve();
    });
  });
}
