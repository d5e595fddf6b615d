import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileCacheEnvironment, fillCompileCache } from "@jdos/component-base";
import { codeStamp, GIT_SERVER_CODE } from "./code-stamp.ts";

/** What Pods run of the clone that is mounted into them. */
const PROGRAMS = [["image-builder/src/main.ts", "load"], ["git-server/src/command.ts"]] as const;
/** Users of those Pods that are not root. */
const READERS = [65532];

/**
 * Sees to it that the code which Pods run of the clone is compiled before they start: they may not write there, and a
 * build's Pod is new each time. Does nothing while the code is as it was.
 */
export async function compilePodCode(repository: string): Promise<void> {
  const file = join(compileCacheEnvironment(repository).NODE_COMPILE_CACHE, "compiled-for-pods");
  const stamp = `${process.version} ${await codeStamp(repository, [...GIT_SERVER_CODE, "image-builder"])}`;
  if ((await readFile(file, "utf8").catch(() => "")) === stamp) return;
  const programs = PROGRAMS.map(
    ([path, ...args]) => [join(repository, "packages", path), ...args] as [string, ...string[]],
  );
  await fillCompileCache({ tree: repository, programs, readers: READERS });
  await writeFile(file, stamp);
}
