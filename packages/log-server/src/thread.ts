import { createWriteStream } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { createHttpClient } from "@jdos/client";
import { createLogger } from "@jdos/component-base";
import { start } from "./start.ts";
import type { ThreadOptions } from "./start-in-thread.ts";

/** The thread of start-in-thread.ts: one message when it listens; any message ends it. */
const { collect, logFile, logLevel, ...options } = workerData as ThreadOptions;
const { api, ...where } = collect;
const port = parentPort!;
const destination = createWriteStream(logFile, { flags: "a", mode: 0o640 });
const log = createLogger({ name: "log-server", level: logLevel, destination });
const client = createHttpClient({ ...api, userAgent: "jdos-log-server" });
const server = await start({ ...options, log, collect: { ...where, client } });
port.postMessage("listening");
port.once("message", async () => {
  await server.stop();
  await client.close();
  destination.end();
  port.close();
});
