import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const REGISTRY_PROGRAM = "/usr/bin/docker-registry";

/** Says why the tests with a real registry cannot run; false when they can. */
export function registryMissing(): string | false {
  return existsSync(REGISTRY_PROGRAM) ? false : "docker-registry is not installed";
}

export interface TestRegistry {
  url: string;
  stop(): Promise<void>;
}

/** Whom the registry of startBasicRegistry() knows. */
export const BASIC_CREDENTIAL = { username: "robot", password: "builder-password" };
const BASIC_FILE = "robot:$2b$04$7eZaTR5eJuYq8g305RxF8eWJENpJJ5XHPoTchqsrB2UrplX5BytbS\n";

/** A real registry on loopback that asks for tokens at `realm` and trusts one certificate. */
export function startRegistry({ realm, certPem }: { realm: string; certPem: string }): Promise<TestRegistry> {
  return startWith({ "token.crt": certPem }, (at) => ({
    token: { realm, service: "registry.jdos.internal", issuer: "jdos", rootcertbundle: at("token.crt") },
  }));
}

/** A real registry on loopback that asks for Basic credentials, as many that are not ours do. */
export function startBasicRegistry(): Promise<TestRegistry> {
  return startWith({ htpasswd: BASIC_FILE }, (at) => ({ htpasswd: { realm: "test", path: at("htpasswd") } }));
}

async function startWith(
  files: Readonly<Record<string, string>>,
  auth: (at: (name: string) => string) => object,
): Promise<TestRegistry> {
  const directory = await mkdtemp(join(tmpdir(), "jdos-registry-"));
  const at = (name: string): string => join(directory, name);
  const port = await freePort();
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
  const config = {
    version: 0.1,
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: directory }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, secret: "test" },
    auth: auth(at),
  };
  await writeFile(at("config.yml"), JSON.stringify(config));
  const child = spawn(REGISTRY_PROGRAM, ["serve", at("config.yml")], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await untilItAnswers(url, child);
  return {
    url,
    async stop() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    const answers = await fetch(`${url}/v2/`).then(
      () => true,
      () => false,
    );
    if (answers) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`The registry does not answer (exit code ${child.exitCode})`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
