import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface GitResult {
  exitCode: number;
  stdout: string;
  /** Progress, and what the server says. */
  stderr: string;
  /** The lines that the server says. */
  remote: string[];
}

/** A clone as a person has it, with a git that asks for nothing. */
export class WorkTree {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  static async create(
    files: Readonly<Record<string, string>> = { "index.html": "<h1>hello</h1>\n" },
  ): Promise<WorkTree> {
    const tree = new WorkTree(await mkdtemp(join(tmpdir(), "jdos-work-tree-")));
    await tree.git("init", "--quiet", "--initial-branch=main");
    await tree.commit(files);
    return tree;
  }

  async commit(files: Readonly<Record<string, string>>): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.directory, name)), { recursive: true });
      await writeFile(join(this.directory, name), content);
    }
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "-m", "change");
    return (await this.git("rev-parse", "HEAD")).stdout.trim();
  }

  /** Must succeed. */
  async git(...args: string[]): Promise<GitResult> {
    const result = await this.try(...args);
    if (result.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${result.stderr}`);
    return result;
  }

  try(...args: string[]): Promise<GitResult> {
    return new Promise((resolve) => {
      execFile("git", args, this.#options(), (error, stdout, stderr) => {
        const remote = stderr.split("\n").flatMap((line) => /^remote: (.*?)\s*$/.exec(line)?.[1] ?? []);
        const code = (error as { code?: number } | null)?.code;
        resolve({ exitCode: error === null ? 0 : (code ?? 1), stdout, stderr, remote });
      });
    });
  }

  /** A push that is not waited for. */
  start(...args: string[]) {
    return spawn("git", args, { ...this.#options(), stdio: ["ignore", "pipe", "pipe"] });
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  #options() {
    return {
      cwd: this.directory,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        PATH: process.env.PATH,
        HOME: this.directory,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_TERMINAL_PROMPT: "0",
        GIT_AUTHOR_NAME: "test",
        GIT_AUTHOR_EMAIL: "test@example.org",
        GIT_COMMITTER_NAME: "test",
        GIT_COMMITTER_EMAIL: "test@example.org",
      },
    };
  }
}
