import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** A line of a part's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** A part that runs as a process of its own. */
export interface StartedPart {
  readonly pid: number;
  /** Its log so far. */
  readonly log: readonly LogLine[];
  /** All that it wrote on standard error. */
  text(): string;
  /** Resolves with the first line of this message, however long ago. */
  said(msg: string): Promise<LogLine>;
  /** The answer of a path of its health port. */
  health(path: string): Promise<{ status: number; text: string }>;
  /** Resolves when /readyz says so. */
  ready(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

const PATIENCE_MILLIS = 30_000;

/** Starts a part's main.ts with its health on a free port of the loopback address. Kill it after the test. */
export function startPart(main: string, args: readonly string[]): StartedPart {
  const argv = ["--disable-warning=ExperimentalWarning", main, "--health-address", "127.0.0.1:0", ...args];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  const log: LogLine[] = [];
  createInterface(child.stderr).on("line", (line) => {
    lines.push(line);
    if (line.startsWith("{")) log.push(JSON.parse(line) as LogLine);
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  let silent = false;
  child.once("close", () => {
    silent = true;
  });
  const text = (): string => lines.join("\n");

  async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    const deadline = performance.now() + PATIENCE_MILLIS;
    while (performance.now() < deadline) {
      // A part that ended says nothing more, and who waits for it must not outlive the test.
      const last = silent;
      const found = await look();
      if (found !== undefined) return found;
      if (last) break;
      await sleep(20);
    }
    throw new Error(`The part did not get there: ${what}\n${text()}`);
  }
  const said = (msg: string): Promise<LogLine> =>
    until(`it did not say "${msg}"`, () => log.find((line) => line.msg === msg));
  const health = async (path: string): Promise<{ status: number; text: string }> => {
    const { healthPort } = await said("Started process");
    const response = await fetch(`http://127.0.0.1:${healthPort}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return {
    pid: child.pid ?? 0,
    log,
    text,
    said,
    health,
    ready: () =>
      until("it is not ready", async () =>
        (await health("/readyz")).status === 200 ? true : undefined,
      ).then(() => {}),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
