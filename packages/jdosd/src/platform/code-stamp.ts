import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** What the git server's Pod runs of the clone that is mounted into it. */
export const GIT_SERVER_CODE: readonly string[] = [
  "api",
  "apimachinery",
  "client",
  "component-base",
  "controller-runtime",
  "git-server",
];

/** Another text whenever the code of packages is another: sizes and times of its files. */
export async function codeStamp(repository: string, packages: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const name of packages) {
    const directory = join(repository, "packages", name, "src");
    const files = (await readdir(directory, { recursive: true }))
      .filter((file) => file.endsWith(".ts"))
      .sort();
    const stats = await Promise.all(files.map((file) => stat(join(directory, file))));
    for (const [at, { size, mtimeMs }] of stats.entries()) hash.update(`${files[at]} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}
