import { connect } from "node:net";
import { LoadBalancerError } from "../errors.ts";

const TIMEOUT_MILLIS = 5000;

/**
 * Sends commands over one of HAProxy's Unix sockets and returns the answer. Several commands are joined with ";".
 * @throws LoadBalancerError HaproxyUnreachable
 */
export function sendCommand(path: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(path);
    const fail = (cause: unknown): void => {
      socket.destroy();
      reject(
        new LoadBalancerError("HaproxyUnreachable", `Cannot speak to HAProxy at "${path}": no answer`, {
          hint: "See whether the haproxy Pod runs: kubectl -n jdos-system get pods",
          cause,
        }),
      );
    };
    socket.setTimeout(TIMEOUT_MILLIS, () => fail(new Error(`No answer in ${TIMEOUT_MILLIS} ms`)));
    socket.on("error", fail);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", () => resolve(Buffer.concat(chunks).toString().trim()));
    socket.on("connect", () => socket.end(`${command}\n`));
  });
}
