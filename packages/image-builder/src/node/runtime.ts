import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import semver from "semver";
import { ImageBuilderError } from "../errors.ts";
import type { BuiltLayer, CachedLayer } from "../exchange/messages.ts";
import { packLayer } from "../layer/pack.ts";
import { runStep, StepFailure } from "../steps/run-step.ts";
import type { AskedVersion } from "./asked-version.ts";

export interface RuntimeOptions {
  /** An empty directory to work in. */
  work: string;
  /** Of the steps' environment: npm's configuration above all. */
  variables: Readonly<Record<string, string>>;
  log: (line: string) => unknown;
  signal: AbortSignal;
}

/** npm has Node's own program as a package for each architecture. */
const PACKAGE = `node-linux-${process.arch}`;
/** Before the base's own: /usr/local/bin/node. */
const PLACE = "usr/local/bin";

/**
 * Which Node a project runs with: undefined for the base's, which is this process's own as well. Another one is the
 * newest of the range that npm has. @throws ImageBuilderError VersionUnavailable
 */
export async function chooseRuntime(
  asked: AskedVersion,
  options: RuntimeOptions,
): Promise<NodeRuntime | undefined> {
  if (semver.satisfies(process.versions.node, asked.range)) return undefined;
  const version = semver.valid(asked.range) ?? (await newestOf(asked, options));
  options.log(`node: ${asked.where} asks for ${asked.range}, the image gets Node ${version}`);
  return new NodeRuntime(version, options);
}

async function newestOf({ range, where }: AskedVersion, options: RuntimeOptions): Promise<string> {
  const lines = await npm(["view", PACKAGE, "versions", "--json"], options);
  const versions = JSON.parse(lines.join("\n")) as string | string[];
  const newest = semver.maxSatisfying([versions].flat(), range);
  if (newest !== null) return newest;
  throw new ImageBuilderError(
    "VersionUnavailable",
    `Cannot build with Node ${range}, which ${where} asks for: npm offers none`,
    { hint: `The platform's own is Node ${process.versions.node}` },
  );
}

/** A Node that is not the base's. It is fetched when something runs with it, or its layer is not there yet. */
export class NodeRuntime {
  readonly version: string;
  /** The directory of its program: first on the PATH of what runs with it. */
  readonly bin: string;
  readonly #options: RuntimeOptions;
  #fetched: Promise<void> | undefined;

  constructor(version: string, options: RuntimeOptions) {
    this.version = version;
    this.bin = join(options.work, "runtime", "bin");
    this.#options = options;
  }

  /** Resolves when the program is there. */
  fetch(): Promise<void> {
    this.#fetched ??= this.#fetch();
    return this.#fetched;
  }

  async #fetch(): Promise<void> {
    const directory = join(this.#options.work, "runtime", "package");
    await mkdir(directory, { recursive: true });
    await mkdir(this.bin, { recursive: true });
    const wanted = `${PACKAGE}@${this.version}`;
    await npm(["install", "--prefix", directory, "--no-save", "--ignore-scripts", wanted], this.#options);
    const program = join(this.bin, "node");
    await copyFile(join(directory, "node_modules", PACKAGE, "bin/node"), program);
    await chmod(program, 0o755);
  }

  /** Its layer, that of an earlier build of the application where there is one. */
  async layer(
    exchange: string,
    cached: (key: string) => Promise<CachedLayer | undefined>,
  ): Promise<BuiltLayer> {
    const cacheKey = createHash("sha256").update(`${PACKAGE}@${this.version}`).digest("hex").slice(0, 40);
    const createdBy = `Node ${this.version}`;
    const found = await cached(cacheKey);
    if (found !== undefined) return { ...found, createdBy };
    await this.fetch();
    const file = "node.tar.gz";
    const packed = await packLayer({
      directory: this.bin,
      prefix: PLACE,
      file: join(exchange, file),
      uid: 0,
    });
    return { ...packed, file, cacheKey, createdBy };
  }
}

async function npm(args: readonly string[], { work, variables, signal }: RuntimeOptions): Promise<string[]> {
  const lines: string[] = [];
  try {
    await runStep(["npm", ...args, "--no-audit", "--no-fund", "--loglevel=error"], {
      env: {
        ...variables,
        HOME: work,
        npm_config_cache: join(work, "npm"),
        npm_config_update_notifier: "false",
      },
      log: (line) => lines.push(line),
      signal,
    });
    return lines;
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    throw new ImageBuilderError("VersionUnavailable", `Cannot get ${PACKAGE}: npm ${args[0]} failed`, {
      cause: error,
      hint: "Ask for a version that npm has, or for the platform's own",
    });
  }
}
