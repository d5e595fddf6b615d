import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { say } from "./table.ts";

const run = promisify(execFile);

/** Runs a program that must succeed; gives what it wrote on standard output. */
export async function program(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { stdout } = await run(file, args, { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

const POLICY = "/usr/sbin/policy-rc.d";

/** Installs Debian packages that a peer needs, without starting their services. */
export async function requirePackages(programs: Readonly<Record<string, string>>): Promise<void> {
  const missing = Object.entries(programs).flatMap(([name, path]) => (existsSync(path) ? [] : [name]));
  if (missing.length === 0) return;
  say(`Installing ${missing.join(", ")} to compare with ...`);
  const policy = existsSync(POLICY);
  if (!policy) {
    await writeFile(POLICY, "#!/bin/sh\nexit 101\n");
    await chmod(POLICY, 0o755);
  }
  try {
    await program("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
      DEBIAN_FRONTEND: "noninteractive",
    });
  } finally {
    if (!policy) await rm(POLICY, { force: true });
  }
}

/** A process of ours that is ended with the benchmark. */
export function background(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(file, args, { env: { ...process.env, ...env }, stdio: "ignore" });
}

export async function until(check: () => Promise<boolean>, seconds = 30): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await check().catch(() => false))) {
    if (performance.now() > end) throw new Error("Cannot go on: what was waited for did not come");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
