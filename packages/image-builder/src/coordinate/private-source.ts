import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ApplicationSource } from "@jdos/api/builder";
import { fetchGit } from "../source/git.ts";
import { openGitAccess } from "../source/git-access.ts";
import { readBuildEnvironment } from "../steps/environment.ts";

export interface PrivateSourceOptions {
  git: NonNullable<ApplicationSource["git"]>;
  /** Where the Secret is mounted. */
  mounted: string;
  /** Where the ConfigMap build-environment is mounted. */
  environment: string;
  /** Of this side alone. */
  scratch: string;
  /** Is made; the steps read it. */
  directory: string;
  log: (line: string) => void;
  signal?: AbortSignal;
}

/** Fetches a repository with a credential that the steps never have: what they get is the files of one commit. */
export async function fetchPrivate(
  options: PrivateSourceOptions,
): Promise<{ directory: string; commit: string }> {
  const { git, mounted, directory, log, signal } = options;
  const { url, revision, path, secret = "" } = git;
  const scratch = await mkdtemp(join(options.scratch, "git-"));
  try {
    const access = await openGitAccess({ url, secret, mounted, scratch });
    if (access.note !== undefined) log(access.note);
    const { variables } = readBuildEnvironment(options.environment);
    return await fetchGit({
      url,
      ...(revision === undefined ? {} : { revision }),
      ...(path === undefined ? {} : { path }),
      directory,
      run: { env: { ...variables, HOME: scratch }, log, ...(signal && { signal }) },
      access,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
