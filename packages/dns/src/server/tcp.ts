import { createServer, type Server, type Socket } from "node:net";
import { type ListenOptions, listenFailed } from "./udp.ts";

const IDLE_MILLIS = 10_000;
const MAX_CONNECTIONS = 500;

/** Answers questions over TCP, each with its length in front; several may be under way on one connection. */
export async function listenTcp(options: ListenOptions): Promise<Server> {
  const { address, port } = options;
  const server = createServer({ noDelay: true }, (socket) => serve(socket, options));
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(listenFailed(address, port, cause)));
    server.listen(port, address, resolve);
  });
  return server;
}

function serve(socket: Socket, { resolver, log }: ListenOptions): void {
  let pending = Buffer.alloc(0);
  const reply = (answer: Buffer | undefined): void => {
    if (answer === undefined || socket.destroyed) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    socket.write(Buffer.concat([length, answer]));
  };
  socket.setTimeout(IDLE_MILLIS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const answer = resolver.resolve(pending.subarray(2, end), true);
      pending = pending.subarray(end);
      if (answer instanceof Promise) {
        answer.then(reply, (error) => log.error({ err: error }, "Failed to answer a question"));
      } else reply(answer);
    }
  });
}
