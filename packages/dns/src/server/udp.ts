import { createSocket, type Socket } from "node:dgram";
import type { Logger } from "@jdos/component-base";
import { DnsError } from "../errors.ts";
import type { Resolver } from "../resolver.ts";

export interface ListenOptions {
  address: string;
  port: number;
  resolver: Resolver;
  log: Logger;
}

const BUFFER_BYTES = 4 * 1024 * 1024;

/** Answers questions over UDP until it is closed. */
export async function listenUdp({ address, port, resolver, log }: ListenOptions): Promise<Socket> {
  const socket = createSocket({ type: address.includes(":") ? "udp6" : "udp4", reuseAddr: false });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", (cause) => reject(listenFailed(address, port, cause)));
    socket.bind(port, address, resolve);
  });
  socket.removeAllListeners("error");
  socket.on("error", (error) => log.error({ err: error }, "UDP socket failed"));
  try {
    socket.setRecvBufferSize(BUFFER_BYTES);
  } catch (error) {
    log.debug({ err: error }, "Keeping the default size of the receive buffer");
  }
  socket.on("message", (message, from) => {
    const reply = (answer: Buffer | undefined): void => {
      if (answer !== undefined) socket.send(answer, from.port, from.address, () => {});
    };
    const answer = resolver.resolve(message, false);
    if (answer instanceof Promise) {
      answer.then(reply, (error) => log.error({ err: error }, "Failed to answer a question"));
    } else reply(answer);
  });
  return socket;
}

/** The same sentence for both protocols. */
export function listenFailed(address: string, port: number, cause: Error): DnsError {
  return new DnsError("ListenFailed", `Cannot listen on ${address}:${port}: ${cause.message}`, {
    hint: "Another name server may use the address: stop it or choose another port",
    cause,
  });
}
