import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttpClient } from "@jdos/client";
import type { ControlPlane } from "./control-plane.ts";

const PROGRAM = join(import.meta.dirname, "embedded-engine-process.ts");
/** Those that the command starts jdosd with. */
const NODE_OPTIONS = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=8", "--expose-gc"];

export interface EmbeddedEngine extends ControlPlane {
  /** Bytes of live objects, after a collection of garbage. */
  heapBytes(): Promise<number>;
}

export interface EmbeddedEngineOptions {
  /** Further options of Node: --cpu-prof, for one. */
  nodeOptions?: readonly string[];
}

/** API server, controllers, scheduler and the platform's controllers in one process on a disk, as jdosd runs them. */
export async function startEmbeddedEngine({
  nodeOptions = [],
}: EmbeddedEngineOptions = {}): Promise<EmbeddedEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), "jdos-bench-engine-"));
  const process = spawn(globalThis.process.execPath, [...NODE_OPTIONS, ...nodeOptions, PROGRAM, dataDir], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [access] = (await once(process, "message")) as [
    { server: string; ca: string; cert: string; key: string },
  ];
  const client = createHttpClient({ ...access, queriesPerSecond: Number.POSITIVE_INFINITY });
  return {
    name: "jdos",
    client,
    pids: [process.pid!],
    async heapBytes() {
      process.send("heap");
      const [bytes] = (await once(process, "message")) as [number];
      return bytes;
    },
    async stop() {
      await client.close();
      process.disconnect();
      await once(process, "exit");
    },
  };
}
