import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createShutdown, systemClock } from "@jdos/component-base";
import { GitServerError } from "./errors.ts";
import { startHooks } from "./hooks/start.ts";
import type { GitServerOptions } from "./options.ts";
import { PlatformClient } from "./platform/platform-client.ts";
import { writeHooks } from "./push/hook-script.ts";
import { startHookServer } from "./push/hook-server.ts";
import { PendingPushes } from "./push/pending.ts";
import { Pusher } from "./push/push.ts";
import { PushSessions } from "./push/session.ts";
import { repositoryDoor } from "./repositories/door.ts";
import { Git } from "./repositories/git.ts";
import { startKeeper } from "./repositories/keeper.ts";
import { Repositories } from "./repositories/repositories.ts";
import { createServer } from "./server.ts";

export interface GitServer {
  /** http://127.0.0.1:7090 */
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves repositories and webhooks. */
export async function start(options: GitServerOptions): Promise<GitServer> {
  const { log, listen, dataDirectory, path, patienceSeconds } = options;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const hooksDirectory = join(dataDirectory, "git-hooks");
  const hookSocket = join(dataDirectory, "run", "hooks.sock");
  const git = new Git({ path, hooksDirectory });
  const repositories = new Repositories(dataDirectory, git);
  const pending = new PendingPushes({ directory: join(dataDirectory, "pending"), repositories, git, log });
  await repositories.prepare();
  await writeHooks(hooksDirectory);
  await pending.recover();

  const platform = new PlatformClient(options.platform);
  const sessions = new PushSessions();
  const pusher = new Pusher({
    git,
    repositories,
    platform,
    pending,
    log,
    ...(patienceSeconds === undefined ? {} : { patienceSeconds }),
  });
  const shutdown = createShutdown({ log });
  shutdown.add("platform", async () => platform.close());
  shutdown.add(
    "hooks of git",
    await startHookServer({
      socket: hookSocket,
      sessions,
      log,
      handlers: {
        "pre-receive": (session, updates) => pusher.prepare(session, updates),
        "post-receive": (session, updates, say) => pusher.deploy(session, updates, say),
      },
    }),
  );
  shutdown.add("pushes", pusher);
  const { client } = options;
  shutdown.add("keeper", startKeeper({ client, git, repositories, log, clock: systemClock }));

  const webhooks =
    options.webhooks === undefined
      ? undefined
      : await startHooks({
          client: options.client,
          log,
          dataDirectory,
          ...options.webhooks,
          ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
        });
  if (webhooks !== undefined) shutdown.add("webhooks", webhooks);

  const server = createServer(
    {
      repositories: repositoryDoor({ git, repositories, platform, sessions, hookSocket, log }),
      ...(webhooks === undefined ? {} : { hooks: webhooks.handler }),
    },
    log,
  );
  server.listen(listen);
  try {
    await once(server, "listening");
  } catch (cause) {
    await shutdown.stop();
    throw new GitServerError("Unavailable", `Cannot listen on ${listen.host}:${listen.port}`, {
      hint: "Free the port or choose another",
      cause,
    });
  }
  const url = `http://${listen.host}:${(server.address() as AddressInfo).port}`;
  log.info({ url }, "Serving git");
  return {
    url,
    async stop() {
      server.close();
      server.closeIdleConnections();
      await shutdown.stop();
      server.closeAllConnections();
    },
  };
}
