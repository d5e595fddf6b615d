import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { CliError } from "../errors.ts";
import type { ProgressLine } from "../machine/jdosd.ts";
import { exitOf, failureOf } from "../machine/jdosd.ts";
import { lines } from "../platform/lines.ts";
import { REPOSITORY } from "./places.ts";
import { locationOf } from "./registry.ts";
import type { Facts } from "./template-values.ts";
import type { Values } from "./values.ts";

export interface ImageOptions {
  registry: Values["registry"];
  /** A docker configuration; "" without one. */
  credentials: string;
  variables: NodeJS.ProcessEnv;
  signal: AbortSignal;
  say(message: string): void;
}

/** Makes the platform's images on this machine and pushes them: the registry has them by digest then. */
export async function publishImages(options: ImageOptions): Promise<Facts["images"]> {
  const { archive } = await run<{ archive: string }>("packages/jdosd/src/main.ts", ["images"], options);
  const { location } = options.registry;
  const directory = await mkdtemp(join(tmpdir(), "jdos-install-"));
  try {
    const credentials = join(directory, "config.json");
    if (options.credentials !== "") await writeFile(credentials, options.credentials, { mode: 0o600 });
    const { images } = await run<{ images: Record<string, string> }>(
      "packages/image-builder/src/main.ts",
      [
        "publish-platform",
        ...["--archive", archive],
        ...["--registry", location],
        ...["--registry-url", locationOf(options.registry).url],
        ...["--repository", REPOSITORY],
        ...(options.credentials === "" ? [] : ["--registry-credentials", credentials]),
      ],
      options,
    );
    return imagesOf(images, "image-builder");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Images that are in the registry already: what publish-platform printed, in a file. */
export async function readImages(file: string): Promise<Facts["images"]> {
  try {
    const { images = {} } = JSON.parse(await readFile(file, "utf8")) as { images?: Record<string, string> };
    return imagesOf(images, file);
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError("ValuesInvalid", `Cannot read images "${file}": ${(cause as Error).message}`, {
      hint: "Give the file that image-builder publish-platform printed",
      cause,
    });
  }
}

function imagesOf(images: Record<string, string>, source: string): Facts["images"] {
  const { platform, base } = images;
  if (platform !== undefined && base !== undefined) return { platform, base };
  throw new CliError(
    "ValuesInvalid",
    `Cannot use the images of "${source}": "platform" or "base" is missing`,
    {
      hint: 'It holds {"images": {"platform": "HOST/PATH@sha256:...", "base": "..."}}',
    },
  );
}

/** Runs a program of the platform to its end, by path: progress on standard error, the answer on standard output. */
async function run<T>(program: string, args: readonly string[], options: ImageOptions): Promise<T> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(REPOSITORY, program), ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: options.variables },
  );
  const stop = (): void => void child.kill("SIGTERM");
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    const [out, errors, exitCode] = await Promise.all([
      text(child.stdout!),
      follow(child, options.say),
      exitOf(child),
    ]);
    options.signal.throwIfAborted();
    if (exitCode !== 0) throw failureOf(errors, "make the images of");
    return JSON.parse(out) as T;
  } finally {
    options.signal.removeEventListener("abort", stop);
  }
}

const MAX_ERROR_LINES = 200;

/** Passes on progress, and keeps the rest for the case that it fails. */
async function follow(child: ChildProcess, say: (message: string) => void): Promise<string> {
  const kept: string[] = [];
  for await (const line of lines(child.stderr!)) {
    const progress = progressOf(line);
    if (progress === undefined) kept.push(line);
    else if (progress.message !== undefined) say(`${progress.stage}: ${progress.message}`);
    if (kept.length > MAX_ERROR_LINES) kept.shift();
  }
  return kept.join("\n");
}

function progressOf(line: string): ProgressLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const progress = JSON.parse(line) as ProgressLine;
    return progress.stage === undefined ? undefined : progress;
  } catch {
    return undefined;
  }
}
