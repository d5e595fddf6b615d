import {
  MAX_SOURCE_FILE_BYTES,
  parseSourceFile,
  SOURCE_FILE,
  type SourceFile,
  SourceFileError,
} from "@jdos/api/source-file";
import type { Git } from "../repositories/git.ts";

export interface SourceFileOptions {
  git: Git;
  repository: string;
  commit: string;
  /** The folder of the application; undefined: the repository's root. */
  path: string | undefined;
}

/** jdos.yaml of a commit; undefined where it has none. @throws SourceFileError */
export async function readSourceFile({
  git,
  repository,
  commit,
  path,
}: SourceFileOptions): Promise<SourceFile | undefined> {
  const file = path === undefined ? SOURCE_FILE : `${path}/${SOURCE_FILE}`;
  const listed = await git.run(repository, [
    "ls-tree",
    "-l",
    "-z",
    "--full-tree",
    commit,
    "--",
    `:(literal)${file}`,
  ]);
  const [, mode, oid, size] = /^(\d+) blob ([0-9a-f]+) +(\d+)\t/.exec(listed) ?? [];
  if (oid === undefined) return undefined;
  // A link may lead anywhere.
  if (mode === "120000")
    throw new SourceFileError(`Cannot read ${SOURCE_FILE}: it is a symbolic link`, {
      hint: "Make it a file",
    });
  if (Number(size) > MAX_SOURCE_FILE_BYTES) return parseSourceFile(" ".repeat(MAX_SOURCE_FILE_BYTES + 1));
  return parseSourceFile(await git.run(repository, ["cat-file", "blob", oid]));
}
