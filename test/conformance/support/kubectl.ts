import { type ExecFileException, execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { debianKubectl } from "./debian-kubectl.ts";

const run = promisify(execFile);

/** A kubectl on this machine. */
export interface KubectlBinary {
  /** "v1.32.4" */
  version: string;
  path: string;
}

/** The kubectl on the PATH, and Debian's own (1.20), where the two differ. */
export async function findKubectls(): Promise<KubectlBinary[]> {
  const found: KubectlBinary[] = [];
  for (const path of ["kubectl", await debianKubectl()]) {
    const version = await versionOf(path);
    if (version !== undefined && !found.some((one) => one.version === version)) found.push({ version, path });
  }
  return found;
}

/** Undefined where there is no such program. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ["version", "--client", "-o", "json"], { timeout: 60_000 });
    return (JSON.parse(stdout) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export interface KubectlOptions {
  /** What is written to its standard input. */
  input?: string;
}

/** A kubectl with its kubeconfig and a home of its own, so that nothing cached from another server is seen. */
export class Kubectl {
  readonly #path: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(path: string, options: { kubeconfig: string; home: string }) {
    this.#path = path;
    this.#env = { PATH: "/usr/bin:/bin", KUBECONFIG: options.kubeconfig, HOME: options.home };
  }

  /** Runs to the end, whatever the exit code. */
  run(args: readonly string[], { input }: KubectlOptions = {}): Promise<Ended> {
    return new Promise((resolve) => {
      const child = execFile(
        this.#path,
        args,
        { env: this.#env, timeout: 60_000 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
          resolve({ code, stdout, stderr: stderr + killed(error) });
        },
      );
      child.stdin?.end(input ?? "");
    });
  }

  /** The standard output; throws what kubectl says when it fails. */
  async ok(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** What it says on standard error when it fails; throws when it does not. */
  async fails(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code === 0) throw new Error(`kubectl ${args.join(" ")} did not fail: ${stdout}`);
    return stderr;
  }

  /** Runs until the lines seen so far satisfy `enough`; returns them. */
  async until(args: readonly string[], enough: (lines: readonly string[]) => boolean): Promise<string[]> {
    const child = spawn(this.#path, args, { env: this.#env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const lines = (): string[] => text.split("\n").filter((line) => line !== "");
    try {
      for await (const chunk of child.stdout) {
        text += String(chunk);
        if (enough(lines())) break;
      }
      return lines();
    } finally {
      child.kill();
    }
  }
}

function killed(error: ExecFileException | null): string {
  return error?.killed === true ? " (it did not end in time)" : "";
}
