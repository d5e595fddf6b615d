import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CNI_POD_ANNOTATIONS } from "@jdos/api";

export interface InstallOptions {
  cniBinDir: string;
  cniConfDir: string;
  socketPath: string;
  /** Name of the network. */
  network: string;
}

export const CONFLIST_NAME = "10-jdos.conflist";
const PROGRAMS = ["jdos-cni", "loopback"];

/** Puts the CNI programs where the runtime looks for them. */
export async function installPrograms({ cniBinDir, socketPath }: InstallOptions): Promise<void> {
  await mkdir(cniBinDir, { recursive: true });
  for (const program of PROGRAMS) {
    const text = await readFile(new URL(`../bin/${program}`, import.meta.url), "utf8");
    await replaceFile(join(cniBinDir, program), text.replace("@SOCKET@", socketPath), 0o755);
  }
}

/** Tells the runtime that the network is ready; its presence is what makes a node Ready. */
export async function writeConflist({ cniConfDir, network }: InstallOptions): Promise<void> {
  await mkdir(cniConfDir, { recursive: true });
  const conflist = {
    cniVersion: "1.0.0",
    cniVersions: ["1.0.0", "1.1.0"],
    name: network,
    plugins: [{ type: "jdos-cni", capabilities: { portMappings: true, [CNI_POD_ANNOTATIONS]: true } }],
  };
  await replaceFile(join(cniConfDir, CONFLIST_NAME), `${JSON.stringify(conflist, null, 2)}\n`, 0o644);
}

export async function uninstall({
  cniBinDir,
  cniConfDir,
  socketPath,
}: Omit<InstallOptions, "network">): Promise<void> {
  const files = [
    join(cniConfDir, CONFLIST_NAME),
    ...PROGRAMS.map((program) => join(cniBinDir, program)),
    socketPath,
  ];
  await Promise.all(files.map((file) => rm(file, { force: true })));
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const next = `${path}.next`;
  await writeFile(next, text, { mode });
  await rename(next, path);
}
