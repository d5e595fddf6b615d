import { ImageBuilderError } from "../errors.ts";
import type { SourceTree } from "./source-tree.ts";

export interface StartCommand {
  command: string[];
  /** As in "start: python3 app.py (app.py)". */
  why: string;
}

/** Plain words run without a shell, so that signals reach the program itself. */
export function asArgv(script: string): string[] {
  const plain = /^[\w@%+=:,./ -]+$/.test(script) && !/^\s*\w+=/.test(script);
  return plain ? script.trim().split(/\s+/) : ["/bin/sh", "-c", script];
}

export interface StartOptions {
  /** The stack's own guess. */
  guess: StartCommand | undefined;
  /** What a guess would need, for the sentence when there is none. */
  wanted: string;
}

/** What starts an application: the web process of its Procfile, else what the stack guesses. */
export function startOf(source: SourceTree, { guess, wanted }: StartOptions): StartCommand {
  const web = source.procfileWeb;
  if (web !== undefined) return { command: asArgv(web), why: "the web process of its Procfile" };
  if (guess !== undefined) return guess;
  throw new ImageBuilderError(
    "NoStartCommand",
    `Cannot tell how to start it: there is neither a Procfile with a web process nor ${wanted}`,
    { hint: 'Add a file "Procfile" with a line such as: web: ./start --port $PORT' },
  );
}

/** How a start command stands in the log. */
export function noteOf({ command, why }: StartCommand): string {
  return `start: ${command[0] === "/bin/sh" ? command.at(-1) : command.join(" ")} (${why})`;
}
