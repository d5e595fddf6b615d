import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

export const REGISTRY_PROGRAM = "/usr/bin/docker-registry";
const TRIES = 400;
const TRY_MILLIS = 25;

/** Says why tests with a real registry cannot run; false when they can. */
export function registryMissing(): string | false {
  return existsSync(REGISTRY_PROGRAM) ? false : "docker-registry is not installed";
}

export interface DockerRegistry {
  /** 127.0.0.1:<port> */
  readonly address: string;
  /** The test's own, and the registry's `data` in it. */
  readonly directory: string;
  stop(): Promise<void>;
}

/** What differs of the registry's configuration. Source: distribution's configuration reference. */
export interface RegistrySettings {
  auth?: object;
  tls?: object;
  /** Defaults to true. */
  deletes?: boolean;
}

/** Starts the real registry on a loopback port; `settings` may write files into its directory before. */
export async function startDockerRegistry(
  settings: (directory: string) => RegistrySettings | Promise<RegistrySettings> = () => ({}),
): Promise<DockerRegistry> {
  const directory = await mkdtemp(join(tmpdir(), "jdos-registry-"));
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const { auth, tls, deletes = true } = await settings(directory);
  const config = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, "data") }, delete: { enabled: deletes } },
    http: { addr: address, secret: "test", ...(tls && { tls }) },
    ...(auth && { auth }),
  };
  const file = join(directory, "config.yml");
  await writeFile(file, JSON.stringify(config));
  const child = spawn(REGISTRY_PROGRAM, ["serve", file], { stdio: "ignore" });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await listening(port, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, directory, stop };
}

/** Resolves when somebody listens on a port of 127.0.0.1. @throws Error when the process ends or does not within 10 s */
export async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < TRIES && child.exitCode === null && child.signalCode === null; tries++) {
    const socket = connect(port, "127.0.0.1");
    const accepted = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (accepted) return;
    await sleep(TRY_MILLIS);
  }
  throw new Error(`"${child.spawnfile}" does not listen on port ${port} (exit code ${child.exitCode})`);
}
