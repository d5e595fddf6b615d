import { ImageBuilderError } from "../errors.ts";
import { type RunOptions, runStep, type StepFailure } from "../steps/run-step.ts";

/** Of each of git's processes; below what the container that fetches private repositories may have. */
const MEMORY_BYTES = 400 * 1024 ** 2;
const MIB = 1024 ** 2;

/**
 * What is large is streamed rather than held, and packs are looked at through small windows, so that a small archive which
 * unpacks to much (deltas upon deltas, zeros) ends at the bound and an honest one does not. Source: git-config(1).
 */
export const LEAN = [
  ...["-c", "core.bigFileThreshold=16m", "-c", "core.packedGitWindowSize=16m"],
  ...["-c", "core.packedGitLimit=64m", "-c", "core.deltaBaseCacheLimit=32m", "-c", "pack.threads=1"],
];

/** A command with a bound on its memory, which what it starts has too. */
export function withinMemory(argv: readonly string[]): string[] {
  return ["prlimit", `--as=${MEMORY_BYTES}`, "--", ...argv];
}

export function isOutOfMemory({ lines }: StepFailure): boolean {
  return lines.some((line) => /out of memory|cannot allocate memory|mmap failed/i.test(line));
}

export interface TreeBounds extends Pick<RunOptions, "env" | "signal" | "timeoutSeconds"> {
  /** Defaults to 2 GiB. */
  maxBytes?: number;
  /** Defaults to 200,000. */
  maxFiles?: number;
}

/**
 * Counts what a checkout of FETCH_HEAD would write, before it does: the same tree may stand a million times in one archive
 * of a few KiB.
 * @throws ImageBuilderError SourceTooLarge
 */
export async function boundTree(git: readonly string[], bounds: TreeBounds): Promise<void> {
  const { maxBytes = 2 * 1024 ** 3, maxFiles = 200_000, signal, ...how } = bounds;
  const over = new AbortController();
  let files = 0;
  let sizeBytes = 0;
  const log = (line: string): void => {
    files++;
    // <mode> <type> <object> <size>\t<path>; "-" is the size of a submodule.
    sizeBytes += Number(/^\d+ \w+ [0-9a-f]+ +(\d+)\t/.exec(line)?.[1] ?? 0);
    if (files > maxFiles) over.abort(tooLarge(`more than ${maxFiles} files`));
    else if (sizeBytes > maxBytes) over.abort(tooLarge(`more than ${Math.floor(maxBytes / MIB)} MiB`));
  };
  await runStep([...git, "ls-tree", "-r", "--long", "FETCH_HEAD"], {
    ...how,
    log,
    signal: signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]),
  });
}

function tooLarge(what: string): ImageBuilderError {
  return new ImageBuilderError("SourceTooLarge", `Cannot use the source: the repository has ${what}`, {
    hint: "Take out what is not source, or name the folder to build by a repository of its own",
  });
}
