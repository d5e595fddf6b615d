import { QUERY_HEADER } from "@jdos/api/platform-api";
import { WebSocket } from "ws";
import { clusterFailure } from "../cluster/failures.ts";
import type { CommandContext } from "../command.ts";
import { CliError } from "../errors.ts";
import type { Connection } from "../platform/connection.ts";
import { refusalOf } from "../platform/platform-client.ts";
import { CHANNEL, onChannel, readExecStatus } from "./channels.ts";

export interface RunExecOptions {
  url: URL;
  connection: Connection;
  tty: boolean;
  stdin: boolean;
}

const HANDSHAKE_MILLIS = 30_000;

type Streams = Pick<CommandContext, "stdin" | "stdout" | "stderr" | "signal">;

/** Joins this terminal with a command in a Pod until it ends; returns its exit code. */
export async function runExec(options: RunExecOptions, streams: Streams): Promise<number> {
  const url = new URL(options.url);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url, "v4.channel.k8s.io", {
    headers: {
      ...((await options.connection.headers()) as Record<string, string>),
      [QUERY_HEADER]: url.search.slice(1),
    },
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_MILLIS,
    ...options.connection.tls,
  });
  const restore: (() => void)[] = [];
  try {
    return await new Promise<number>((resolve, reject) => {
      let exitCode: number | undefined;
      const interrupt = (): void =>
        reject(
          new CliError("Interrupted", "The command was not waited for", {
            hint: "It may go on in the Pod, waiting for the end of its input",
            exitCode: 130,
          }),
        );
      streams.signal.addEventListener("abort", interrupt, { once: true });
      restore.push(() => streams.signal.removeEventListener("abort", interrupt));
      socket.on(
        "unexpected-response",
        (_request, response) => void refusalOf(response, options.connection).then(reject, reject),
      );
      socket.on("error", (error) => reject(failureOf(error, options.connection)));
      socket.on("open", () => restore.push(...attach(socket, options, streams)));
      socket.on("message", (message: Buffer) => {
        const data = message.subarray(1);
        if (message[0] === CHANNEL.stdout) streams.stdout.write(data);
        else if (message[0] === CHANNEL.stderr) streams.stderr.write(data);
        else if (message[0] === CHANNEL.error && data.length > 0) {
          const end = readExecStatus(data.toString("utf8"));
          exitCode = end.exitCode;
          if (end.failure !== undefined)
            reject(
              new CliError("ExecFailed", `Cannot run the command: ${end.failure}`, {
                exitCode: end.exitCode,
                hint: "See that the program is in the image",
              }),
            );
        }
      });
      socket.on("close", () => {
        if (exitCode !== undefined) resolve(exitCode);
        else
          reject(
            new CliError(
              "ConnectionLost",
              "Cannot tell how the command ended: the connection closed before",
              { hint: "The Pod may have ended, or the platform restarted" },
            ),
          );
      });
    });
  } finally {
    for (const undo of restore) undo();
    socket.terminate();
  }
}

function failureOf(error: Error, { url, tls }: Connection): CliError {
  return (
    (tls === undefined ? undefined : clusterFailure(new URL(url).origin, error)) ??
    new CliError("ConnectionLost", `Cannot run the command: ${error.message}`, {
      hint: "See whether the platform runs: jdos status",
      cause: error,
    })
  );
}

/** Connects keyboard and window size; returns how to undo it. */
function attach(socket: WebSocket, { tty, stdin }: RunExecOptions, streams: Streams): (() => void)[] {
  const undo: (() => void)[] = [];
  if (tty) {
    const resize = (): void => {
      const size = { Width: streams.stdout.columns ?? 80, Height: streams.stdout.rows ?? 24 };
      socket.send(onChannel(CHANNEL.resize, Buffer.from(JSON.stringify(size))));
    };
    resize();
    streams.stdout.on("resize", resize);
    undo.push(() => streams.stdout.off("resize", resize));
  }
  if (!stdin) return undo;
  if (tty && streams.stdin.isTTY === true) {
    streams.stdin.setRawMode?.(true);
    undo.push(() => streams.stdin.setRawMode?.(false));
  }
  const send = (data: Buffer): void => socket.send(onChannel(CHANNEL.stdin, data));
  streams.stdin.on("data", send);
  undo.push(() => {
    streams.stdin.off("data", send);
    streams.stdin.pause();
  });
  return undo;
}
