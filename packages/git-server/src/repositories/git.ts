import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { type RunCommandOptions, runCommand } from "@jdos/component-base";

/** A push's pack; larger ones are refused in git's own words. */
export const MAX_PACK_BYTES = 1024 ** 3;

/**
 * What git is told here, whatever a repository's own configuration says. Source: git-config(1), git-http-backend(1).
 */
const CONFIGURATION: Readonly<Record<string, string>> = {
  "safe.directory": "*",
  "http.receivepack": "true",
  "http.uploadpack": "true",
  "http.getanyfile": "false",
  "transfer.fsckObjects": "true",
  // Old history of good repositories has these, and they harm nothing.
  "receive.fsck.zeroPaddedFilemode": "warn",
  "receive.fsck.missingSpaceBeforeDate": "warn",
  "receive.fsck.badTimezone": "warn",
  "receive.maxInputSize": String(MAX_PACK_BYTES),
  "receive.denyDeleteCurrent": "ignore",
  // While nothing is said, a sign of life goes to the client and the load balancer between.
  "receive.keepAlive": "5",
  "uploadpack.keepAlive": "5",
  // Done apart, when nobody waits.
  "receive.autogc": "false",
  "receive.advertisePushOptions": "false",
  "core.bigFileThreshold": "32m",
  "core.symlinks": "false",
  "core.fsync": "added,reference",
  "pack.threads": "1",
  "pack.windowMemory": "64m",
  "pack.deltaCacheSize": "32m",
  "tar.umask": "0022",
  "init.defaultBranch": "main",
};

export interface GitOptions {
  /** Of the host's programs. */
  path: string;
  /** Where the scripts of ours lie that git runs at a push. */
  hooksDirectory: string;
}

/** git, with nothing of the machine's or the user's own settings. */
export class Git {
  readonly environment: Readonly<Record<string, string>>;

  constructor({ path, hooksDirectory }: GitOptions) {
    const entries = Object.entries({ ...CONFIGURATION, "core.hooksPath": hooksDirectory });
    this.environment = {
      PATH: path,
      HOME: "/nonexistent",
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_TERMINAL_PROMPT: "0",
      GIT_NO_REPLACE_OBJECTS: "1",
      GIT_CONFIG_COUNT: String(entries.length),
      ...Object.fromEntries(
        entries.flatMap(([key, value], at) => [
          [`GIT_CONFIG_KEY_${at}`, key],
          [`GIT_CONFIG_VALUE_${at}`, value],
        ]),
      ),
    };
  }

  /** Its output. @throws CommandError */
  async run(
    repository: string,
    args: readonly string[],
    { env = {}, ...options }: RunCommandOptions & { env?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    const { stdout } = await runCommand(["git", "--git-dir", repository, ...args], {
      ...options,
      env: { ...this.environment, ...env },
    });
    return stdout;
  }

  spawn(
    args: readonly string[],
    options: SpawnOptions & { env?: Readonly<Record<string, string>> },
  ): ChildProcess {
    return spawn("git", args, { ...options, env: { ...this.environment, ...options.env } });
  }
}
