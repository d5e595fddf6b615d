import type { RegistryStorageState } from "@jdos/api";
import {
  findDetached,
  instanceNames,
  isDataDirectoryLocked,
  readDaemon,
  readInstance,
} from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import type { PartStatus } from "../platform/part.ts";

export interface PlatformStatus {
  /** Null: nothing runs the data directory. */
  readonly pid: number | null;
  readonly ready: boolean;
  readonly components: readonly PartStatus[];
  readonly dataDir: string;
  readonly instance: number | null;
  /** How full the registry is, as it was measured last. */
  readonly registry?: RegistryStorageState;
  readonly urls?: { readonly platform: string; readonly kubernetes: string; readonly routes: string };
}

/** What runs a data directory, asked from outside. */
export async function readStatus(dataDir: string): Promise<PlatformStatus> {
  const instance = (await readInstance(dataDir)) ?? null;
  if (instance === null) return { pid: null, ready: false, components: [], dataDir, instance };
  const names = instanceNames(instance);
  if (await isDataDirectoryLocked(dataDir)) {
    const pid = (await readDaemon(dataDir))?.pid ?? null;
    const answer = await ask(controlSocket(names.runDir));
    return (
      answer ?? { pid, ready: false, components: [{ name: "jdosd", state: "starting" }], dataDir, instance }
    );
  }
  const detached = ["containerd", "dns"].map((name): PartStatus => {
    const running = findDetached(`${names.runDir}/${name}.pid`) !== undefined;
    return { name, state: running ? "running" : "stopped" };
  });
  return {
    pid: null,
    ready: false,
    components: [{ name: "jdosd", state: "stopped" }, ...detached],
    dataDir,
    instance,
  };
}

export function controlSocket(runDir: string): string {
  return `${runDir}/jdosd.sock`;
}

const TIMEOUT_MILLIS = 5_000;

/** Undefined while nobody answers. */
function ask(socketPath: string): Promise<PlatformStatus | undefined> {
  return new Promise((resolve) => {
    const asked = http.request({ socketPath, path: "/status", timeout: TIMEOUT_MILLIS }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(JSON.parse(text) as PlatformStatus));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end();
  });
}
