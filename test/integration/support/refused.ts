import assert from "node:assert/strict";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { KeyPair } from "@jdos/component-base";

/** A listener on a loopback port that ends with everything on it. */
export interface Front {
  readonly port: number;
  stop(): Promise<void>;
}

/** What a person reads when a command is refused: `code: sentence` and a hint, and nothing else. */
export function assertRefusal(stderr: string, code: string, words: RegExp): void {
  const said = stderr.replace(/^(?:\S+ (?:preflight|images)\b.*\n|(?:preflight|images)\b.*\n)+/, "");
  assert.match(said, new RegExp(`^${code}: Cannot [^\\n]+[^.\\n]\\nhint: [^\\n]+\\n$`));
  assert.match(said, words);
  assert.doesNotMatch(stderr, /\n\s+at |undefined|\[object|<html|InternalError/i);
}

/** Shows a certificate and a key, and passes everything on to an API server behind. */
export function startTlsFront(
  { certPem, keyPem }: KeyPair,
  target: { url: string; caPem: string },
): Promise<Front> {
  const { hostname, port } = new URL(target.url);
  return listening((sockets) =>
    createTlsServer({ cert: certPem, key: keyPem }, (socket) => {
      const behind = connectTls({ host: hostname, port: Number(port), ca: target.caPem });
      sockets.add(behind);
      behind.on("error", () => socket.destroy());
      socket.on("error", () => behind.destroy());
      socket.pipe(behind).pipe(socket);
    }),
  );
}

/** Takes connections and never says a word. */
export function startSilentHost(): Promise<Front> {
  return listening(() => createTcpServer());
}

export function startWebServer(answer: RequestListener): Promise<Front> {
  return listening(() => createHttpServer(answer));
}

async function listening(make: (sockets: Set<Socket>) => Server): Promise<Front> {
  const sockets = new Set<Socket>();
  const server = make(sockets);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
