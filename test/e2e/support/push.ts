import { MachinePlatform, type TestPlatform } from "./platform.ts";
import { type Ended, runProgram } from "./process.ts";
import { Source } from "./sources.ts";
import { killPart } from "./victims.ts";

const HOST = "git.jdos.localhost";

/** A clone of an example that pushes to an application, as a person's does. */
export class Clone {
  readonly source: Source;
  readonly #platform: TestPlatform;
  readonly #remote: string;

  private constructor(platform: TestPlatform, source: Source, remote: string) {
    this.#platform = platform;
    this.source = source;
    this.#remote = remote;
  }

  static async create(
    platform: TestPlatform,
    { example, app }: { example: string; app: string },
  ): Promise<Clone> {
    const { port } = platform.routes;
    const token = await administratorToken(platform);
    const remote = `http://any:${encodeURIComponent(token)}@${HOST}:${port}/e2e/${app}.git`;
    const clone = new Clone(platform, new Source(example), remote);
    await clone.git("init", "--quiet", "--initial-branch=main");
    await clone.commit();
    return clone;
  }

  /** All that was changed. */
  async commit(): Promise<string> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "-m", "change");
    return (await this.git("rev-parse", "HEAD")).stdout.trim();
  }

  /** Must succeed. */
  async git(...args: string[]): Promise<Ended> {
    const ended = await this.try(...args);
    if (ended.exitCode !== 0) throw new Error(`git ${args[0]}: ${ended.stderr}`);
    return ended;
  }

  try(...args: string[]): Promise<Ended> {
    const { address, port } = this.#platform.routes;
    const settings = [
      "user.name=test",
      "user.email=test@example.org",
      `http.curloptResolve=${HOST}:${port}:${address}`,
    ].flatMap((setting) => ["-c", setting]);
    return runProgram("git", ["-C", this.source.path, ...settings, ...args], {
      env: {
        ...process.env,
        GIT_TERMINAL_PROMPT: "0",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
      },
    });
  }

  push(...refs: string[]): Promise<Ended> {
    return this.try("push", this.#remote, ...(refs.length === 0 ? ["main"] : refs));
  }

  lsRemote(ref: string): Promise<Ended> {
    return this.git("ls-remote", this.#remote, ref);
  }
}

async function administratorToken(platform: TestPlatform): Promise<string> {
  const args = ["get", "secret", "-n", "jdos-system", "platform-api-admin", "-o", "jsonpath={.data.token}"];
  const { stdout } = await platform.kubectl(args);
  return Buffer.from(stdout, "base64").toString("utf8").trim();
}

/** kill -9 of the git server's process; on a cluster its Pod goes without a grace period. */
export async function killGitServer(platform: TestPlatform): Promise<void> {
  if (platform instanceof MachinePlatform) {
    await killPart(platform, "git server");
    return;
  }
  const name = ["-l", "app.kubernetes.io/name=git-server"];
  await platform.kubectl(["delete", "pod", "-n", "jdos-system", ...name, "--force", "--grace-period=0"]);
}
