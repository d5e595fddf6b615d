import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { type TarEntry, tarArchive, writeOciArchive } from "@jdos/component-base";

export const TEST_IMAGE = "registry.test.internal/jdos/tools:1";
export const TEST_USER_IMAGE = "registry.test.internal/jdos/user:1";
export const TEST_NEXT_IMAGE = "registry.test.internal/jdos/tools:2";
export const TEST_SANDBOX_IMAGE = "registry.test.internal/jdos/pause:1";

const PROGRAMS = [
  "cat",
  "chmod",
  "dash",
  "date",
  "dd",
  "df",
  "echo",
  "env",
  "false",
  "grep",
  "head",
  "hostname",
  "id",
  "ln",
  "ls",
  "mkdir",
  "mv",
  "perl",
  "printenv",
  "readlink",
  "rm",
  "sed",
  "seq",
  "sleep",
  "stat",
  "tail",
  "tee",
  "test",
  "touch",
  "tr",
  "true",
  "wc",
];

/**
 * Writes an OCI archive with a small image of the host's own programs (a shell and the core utilities), the same
 * in a next version and with a user of its own, and a sandbox image that sleeps. No registry is needed.
 */
export async function writeTestImages(path: string): Promise<void> {
  const layer = tarArchive(rootFilesystem());
  const Env = ["PATH=/bin", "FROM_IMAGE=yes"];
  await writeOciArchive(path, [
    { reference: TEST_IMAGE, layers: [layer], config: { Env, Cmd: ["sleep", "infinity"] } },
    {
      reference: TEST_NEXT_IMAGE,
      layers: [layer],
      config: { Env: ["PATH=/bin", "FROM_IMAGE=next"], Cmd: ["sleep", "infinity"] },
    },
    { reference: TEST_USER_IMAGE, layers: [layer], config: { Env, User: "app", WorkingDir: "/tmp" } },
    {
      reference: TEST_SANDBOX_IMAGE,
      layers: [layer],
      config: { Env, Entrypoint: ["/bin/sleep", "infinity"] },
    },
  ]);
}

function rootFilesystem(): TarEntry[] {
  const files = new Map<string, TarEntry>();
  for (const program of PROGRAMS) {
    const source = ["/usr/bin", "/bin"].map((directory) => `${directory}/${program}`).find(existsSync);
    if (source === undefined) continue;
    files.set(`bin/${program}`, copyOf(source, `bin/${program}`));
    for (const library of librariesOf(source)) files.set(library.slice(1), copyOf(library, library.slice(1)));
  }
  const directories = ["bin", "dev", "etc", "lib", "lib64", "proc", "run", "sys", "var", "root"];
  return [
    ...directories.map((path): TarEntry => ({ path, type: "directory" })),
    { path: "tmp", type: "directory", mode: 0o1777 },
    { path: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/tmp:/bin/sh\n" },
    { path: "etc/group", content: "root:x:0:\napp:x:1000:\n" },
    { path: "bin/sh", type: "symlink", target: "dash" },
    ...files.values(),
  ];
}

function copyOf(source: string, path: string): TarEntry {
  return { path, content: readFileSync(realpathSync(source)), mode: 0o755 };
}

/** Absolute paths of the libraries and the loader a program is linked with. */
function librariesOf(program: string): string[] {
  const output = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...output.matchAll(/(\/\S+)\s+\(0x/g)].map((match) => match[1]!);
}
