import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDockerRegistry } from "@jdos/component-base/testing";

export { registryMissing } from "@jdos/component-base/testing";

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
  const { address, stop } = await startDockerRegistry(async (directory) => {
    const at = (name: string): string => join(directory, name);
    for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
    return { auth: auth(at) };
  });
  return { url: `http://${address}`, stop };
}
