import { lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ImageBuilderError, printable } from "../errors.ts";
import { type RunOptions, runStep, StepFailure } from "../steps/run-step.ts";
import type { GitAccess } from "./git-access.ts";
import { boundTree, isOutOfMemory, LEAN, withinMemory } from "./git-bounds.ts";

export interface GitOptions {
  url: string;
  /** Defaults to the remote's HEAD. */
  revision?: string;
  /** The folder within the repository. Defaults to its root. */
  path?: string;
  /** Is made; must not exist. */
  directory: string;
  run: Pick<RunOptions, "env" | "log" | "signal">;
  /** For a private repository. */
  access?: GitAccess;
  /** Defaults to 120. */
  timeoutSeconds?: number;
  /** Of all files together. Defaults to 2 GiB. */
  maxBytes?: number;
  /** Defaults to 200,000. */
  maxFiles?: number;
}

/** Without control characters; neither user nor host may look like an option of ssh. */
const URL_FORM =
  /^(?:(?:https?|ssh|git):\/\/(?!-)(?![^/]*@-)|(?!-)[A-Za-z0-9_.-]+@(?!-)[A-Za-z0-9.-]+:)[^\s\p{Cc}]+$/u;
const REVISION = /^[A-Za-z0-9_][^\s~^:?*[\\]*$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** Fetches one revision of a repository, without its history. Returns the folder and the commit. */
export async function fetchGit(options: GitOptions): Promise<{ directory: string; commit: string }> {
  const { revision, path, directory, run, access, timeoutSeconds = 120 } = options;
  const url = access?.url ?? options.url;
  check(url, revision, path);
  await mkdir(directory);
  const redact = access?.redact ?? ((line: string) => line);
  const command = ["git", ...SAFE, ...LEAN, ...(access?.config ?? []), "-C", directory];
  const how = { ...run, env: { ...run.env, ...ENVIRONMENT, ...access?.env }, timeoutSeconds };
  const log = (line: string) => run.log(redact(line));
  const git = (args: string[]) => runStep(withinMemory([...command, ...args]), { ...how, log });
  try {
    await git(["init", "--quiet"]);
    await git([
      "fetch",
      "--quiet",
      "--depth",
      "1",
      "--no-tags",
      "--no-recurse-submodules",
      "--",
      url,
      revision ?? "HEAD",
    ]);
    await boundTree(withinMemory(command), { ...how, ...options });
    await git(["checkout", "--quiet", "--detach", "FETCH_HEAD"]);
    const { lines } = await git(["rev-parse", "HEAD"]);
    const commit = lines.at(-1)?.trim() ?? "";
    await rm(join(directory, ".git"), { recursive: true, force: true });
    return { directory: await folder(directory, path), commit };
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    const { exitCode, killedBy, timedOut } = error;
    const failure = new StepFailure("git failed", {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(killedBy === undefined ? {} : { killedBy }),
      timedOut,
      lines: error.lines.map(redact),
    });
    throw explain(failure, { url, revision, timeoutSeconds, secret: access?.secret });
  }
}

/** No hooks, no helpers, and no way to reach the machine's own files or commands by a URL. */
const SAFE = [
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.protectHFS=true",
  "-c",
  "core.protectNTFS=true",
  "-c",
  "credential.helper=",
  "-c",
  "protocol.allow=never",
  "-c",
  "protocol.https.allow=always",
  "-c",
  "protocol.http.allow=always",
  "-c",
  "protocol.ssh.allow=always",
  "-c",
  "protocol.git.allow=always",
  "-c",
  "advice.detachedHead=false",
];

const ENVIRONMENT = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "true",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_SSH_COMMAND: "ssh -oBatchMode=yes -oConnectTimeout=20",
  LC_ALL: "C",
};

function check(url: string, revision: string | undefined, path: string | undefined): void {
  if (!URL_FORM.test(url))
    throw new ImageBuilderError(
      "SourceRefused",
      `Cannot fetch "${printable(url)}": it is no https, http, ssh or git URL`,
      { hint: "Use a URL such as https://example.org/team/app.git" },
    );
  if (revision !== undefined && !REVISION.test(revision))
    throw new ImageBuilderError(
      "RevisionUnknown",
      `Cannot fetch revision "${revision}": it is no name of a branch, a tag or a commit`,
    );
  if (path !== undefined && (path.startsWith("/") || path.split("/").includes("..")))
    throw new ImageBuilderError(
      "SourceRefused",
      `Cannot use folder "${path}": it lies outside of the repository`,
    );
}

async function folder(root: string, path: string | undefined): Promise<string> {
  let at = root;
  for (const part of (path ?? "").split("/").filter((each) => each !== "" && each !== ".")) {
    at = join(at, part);
    const stats = await lstat(at).catch(() => undefined);
    if (stats?.isDirectory() !== true)
      throw new ImageBuilderError(
        "SourceRefused",
        `Cannot use folder "${path}": the repository has no such folder`,
      );
  }
  return at;
}

interface Facts {
  url: string;
  revision: string | undefined;
  timeoutSeconds: number;
  secret: string | undefined;
}

function explain(failure: StepFailure, { url, revision, timeoutSeconds, secret }: Facts): ImageBuilderError {
  const shown = withoutPassword(url);
  const text = failure.lines.join("\n");
  const cause = failure;
  if (isOutOfMemory(failure))
    return new ImageBuilderError(
      "SourceTooLarge",
      `Cannot fetch "${shown}": unpacking it takes more memory than a source may`,
      { cause, hint: "Take large files out of the repository, or deploy its directory" },
    );
  if (failure.timedOut)
    return new ImageBuilderError(
      "SourceUnreachable",
      `Cannot fetch "${shown}": it did not answer within ${timeoutSeconds} s`,
      { cause, hint: "Check the URL, and that the platform's Pods can reach it" },
    );
  if (/couldn't find remote ref|not our ref|unadvertised object|reference is not a tree/i.test(text)) {
    const hint = COMMIT.test(revision ?? "")
      ? "Not every server hands out single commits: name a branch or a tag"
      : "Name a branch, a tag or a whole commit";
    return new ImageBuilderError(
      "RevisionUnknown",
      `Cannot fetch revision "${revision ?? "HEAD"}" of "${shown}": the repository has none of that name`,
      { cause, hint },
    );
  }
  if (/host key verification failed/i.test(text)) {
    return new ImageBuilderError(
      "SourceRefused",
      `Cannot fetch "${shown}": the host's key is not one that is known`,
      {
        cause,
        hint:
          secret === undefined
            ? "Use its https URL, or a Secret with a deploy key"
            : `Correct known_hosts of Secret "${secret}"`,
      },
    );
  }
  if (
    /authentication failed|could not read (username|password)|permission denied|access denied|403|401/i.test(
      text,
    )
  ) {
    return secret === undefined
      ? new ImageBuilderError(
          "SourceUnauthorized",
          `Cannot fetch "${shown}": the repository asks for a login`,
          { cause, hint: "Name a Secret of the system that has one: jdos deploy URL --git-secret NAME" },
        )
      : new ImageBuilderError(
          "SourceUnauthorized",
          `Cannot fetch "${shown}": the login of Secret "${secret}" was refused`,
          { cause, hint: "Renew its token or key, and see that it may read this repository" },
        );
  }
  if (/repository .*not found|does not appear to be a git repository|404/i.test(text)) {
    return new ImageBuilderError("SourceUnreachable", `Cannot fetch "${shown}": there is no git repository`, {
      cause,
      hint: "Check the URL",
    });
  }
  const why =
    failure.lines.filter((line) => line.startsWith("ssh: ")).at(-1) ??
    failure.lines.filter((line) => /fatal|error/i.test(line)).at(-1) ??
    failure.lines.at(-1) ??
    "no reason given";
  return new ImageBuilderError(
    "SourceUnreachable",
    `Cannot fetch "${shown}": ${plain(why).replaceAll(url, shown)}`,
    { cause, hint: "Check the URL, and that the platform's Pods can reach it" },
  );
}

/** git's line without its prefixes. */
function plain(line: string): string {
  return line.replace(/^(fatal|error):\s*/i, "").replace(/^unable to access '[^']*': /, "");
}

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, "$1");
}
