import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@jdos/client";
import { createLogger } from "@jdos/component-base";
import type { GitServerOptions } from "../options.ts";
import { type GitServer, start } from "../start.ts";
import { DEVELOPER, type FakePlatform, startFakePlatform } from "./fake-platform.ts";

export interface TestGitServer {
  readonly platform: FakePlatform;
  readonly dataDirectory: string;
  readonly server: GitServer;
  /** With the token in it, as a credential helper would give it. */
  remote(app: string, token?: string): string;
  /** Ends it, as a container does, and begins again with what is on disk. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real git server before a platform API that is made of its words alone. */
export async function startTestGitServer(options: Partial<GitServerOptions> = {}): Promise<TestGitServer> {
  const platform = await startFakePlatform();
  const dataDirectory = await mkdtemp(join(tmpdir(), "jdos-git-"));
  const begin = (): Promise<GitServer> =>
    start({
      // A push never uses it.
      client: {} as Client,
      log: createLogger({ name: "git-server", level: "silent" }),
      listen: { host: "127.0.0.1", port: 0 },
      dataDirectory,
      platform: { url: platform.url },
      path: process.env.PATH ?? "",
      patienceSeconds: 2,
      ...options,
    });
  let server = await begin();
  return {
    platform,
    dataDirectory,
    get server() {
      return server;
    },
    remote: (app, token = DEVELOPER) => `${server.url.replace("//", `//any:${token}@`)}/demo/${app}.git`,
    async restart() {
      await server.stop();
      server = await begin();
    },
    async stop() {
      await server.stop();
      await platform.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
