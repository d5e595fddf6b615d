import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { GitServerError } from "../errors.ts";
import type { Git } from "../repositories/git.ts";

export interface ArchiveOptions {
  git: Git;
  repository: string;
  commit: string;
  /** A folder of the repository; undefined: all of it. */
  path: string | undefined;
  signal: AbortSignal;
  /** Of the tar. Defaults to 2 GiB, as large as the builder unpacks. */
  maxBytes?: number;
}

const MAX_TAR_BYTES = 2 * 1024 ** 3;
const NOBODY = {
  GIT_AUTHOR_NAME: "jdos",
  GIT_AUTHOR_EMAIL: "jdos",
  GIT_AUTHOR_DATE: "@0 +0000",
  GIT_COMMITTER_NAME: "jdos",
  GIT_COMMITTER_EMAIL: "jdos",
  GIT_COMMITTER_DATE: "@0 +0000",
};

/**
 * A commit's files as a tar. It depends on names, modes and content alone, so that the same files are the same bundle:
 * git takes the time of every file from the commit, so it is given one that has none.
 * @throws GitServerError Invalid where the folder is missing
 */
export async function* archiveOf(options: ArchiveOptions): AsyncGenerator<Buffer> {
  const { git, repository, signal, maxBytes = MAX_TAR_BYTES } = options;
  const tree = await treeOf(options);
  const timeless = (
    await git.run(repository, ["commit-tree", "-m", "source", tree], { env: NOBODY, signal })
  ).trim();
  const child = git.spawn(["--git-dir", repository, "archive", "--format=tar", timeless], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  child.on("error", () => {});
  yield* measured(child, maxBytes);
}

async function treeOf({ git, repository, commit, path }: Omit<ArchiveOptions, "signal">): Promise<string> {
  const name = path === undefined ? `${commit}^{tree}` : `${commit}:${path}`;
  const tree = await git.run(repository, ["rev-parse", "--verify", "--quiet", "--end-of-options", name], {
    okExitCodes: [0, 1, 128],
  });
  const type = tree.trim() === "" ? "" : (await git.run(repository, ["cat-file", "-t", tree.trim()])).trim();
  if (type === "tree") return tree.trim();
  throw new GitServerError(
    "Invalid",
    `Cannot deploy ${commit.slice(0, 7)}: it has no folder "${path ?? ""}"`,
    {
      hint: "The folder is triggers.path of the application, or path of jdos.yaml",
    },
  );
}

async function* measured(child: ChildProcess, maxBytes: number): AsyncGenerator<Buffer> {
  const closed = once(child, "close");
  // Awaited after the output; until then nobody else hears of a failure.
  closed.catch(() => {});
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    if (said.length < 4096) said += chunk.toString("utf8");
  });
  let size = 0;
  try {
    for await (const chunk of child.stdout as Readable) {
      size += (chunk as Buffer).length;
      if (size > maxBytes)
        throw new GitServerError(
          "TooLarge",
          `Cannot deploy the commit: its files are larger than ${Math.floor(maxBytes / 1024 ** 2)} MiB`,
          {
            hint: "Take out of the repository what is no source",
          },
        );
      yield chunk as Buffer;
    }
  } finally {
    child.kill("SIGKILL");
  }
  const [exitCode] = (await closed) as [number | null];
  if (exitCode !== 0)
    throw new GitServerError("GitFailed", `Cannot pack the commit: ${said.trim() || "git failed"}`);
}
