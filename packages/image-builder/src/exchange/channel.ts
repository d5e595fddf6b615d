import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { ImageBuilderError } from "../errors.ts";

/** Messages as lines of JSON over a Unix socket in the directory that the two containers share. */
export interface Channel<Out, In> {
  /** Gives a promise when the other side is slower than this one: it settles when more can be sent. */
  send(message: Out): Promise<unknown> | undefined;
  /** Ends when the other side is gone. */
  messages: AsyncIterable<In>;
  /** Fires when the other side is gone. */
  gone: AbortSignal;
  close(): void;
}

export interface ListenOptions {
  path: string;
  /** How long the other side may take to come. Defaults to 60. */
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

export interface Listener<Out, In> {
  accepted: Promise<Channel<Out, In>>;
  /** Waits no longer, and lets those who come later know. */
  close(): void;
}

/** Waits for the one who connects first; nobody else is let in. */
export async function listen<Out, In>({
  path,
  timeoutSeconds = 60,
  signal,
}: ListenOptions): Promise<Listener<Out, In>> {
  rmSync(path, { force: true });
  const server = createServer();
  server.listen(path);
  await once(server, "listening");
  const close = (): void => {
    server.close();
    rmSync(path, { force: true });
  };
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  const accepted = once(server, "connection", {
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  })
    .then(([socket]) => channelOver<Out, In>(socket as Socket))
    .catch((error: unknown) => {
      if (signal?.aborted) throw signal.reason;
      throw new ImageBuilderError(
        "StepsLost",
        `Cannot build: the container for the steps did not come up within ${timeoutSeconds} s`,
        { cause: error },
      );
    })
    .finally(close);
  accepted.catch(() => {});
  const over = (): void => {
    close();
    writeFileSync(overFile(path), "");
  };
  return { accepted, close: over };
}

/** Beside the socket, once nobody will listen any more. */
function overFile(path: string): string {
  return `${path}.over`;
}

/** Connects to the other side, which may not be there yet. */
export async function dial<Out, In>({ path, timeoutSeconds = 60 }: ListenOptions): Promise<Channel<Out, In>> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    if (existsSync(overFile(path)))
      throw new ImageBuilderError("StepsLost", "Cannot build: the build was over before its steps began");
    const socket = connect(path);
    try {
      await once(socket, "connect");
      return channelOver<Out, In>(socket);
    } catch (error) {
      if (Date.now() > deadline)
        throw new ImageBuilderError(
          "StepsLost",
          `Cannot build: the coordinating container did not answer within ${timeoutSeconds} s`,
          { cause: error },
        );
      await sleep(20);
    }
  }
}

function channelOver<Out, In>(socket: Socket): Channel<Out, In> {
  // A side that goes away shows by the end of its messages.
  socket.on("error", () => {});
  const lines = createInterface({ input: socket });
  const gone = new AbortController();
  socket.once("close", () => gone.abort(new Error("the other side of the build is gone")));
  return {
    gone: gone.signal,
    send: (message) => {
      if (socket.write(`${JSON.stringify(message)}\n`) || socket.destroyed) return undefined;
      return once(socket, "drain", { signal: gone.signal }).catch(() => {});
    },
    messages: parsed<In>(lines),
    close: () => socket.end(),
  };
}

async function* parsed<In>(lines: AsyncIterable<string>): AsyncGenerator<In> {
  for await (const line of lines) yield JSON.parse(line) as In;
}
