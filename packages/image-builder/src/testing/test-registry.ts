import { createPrivateKey, sign } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createCertificateAuthority, issueCertificate } from "@jdos/component-base";
import { startDockerRegistry } from "@jdos/component-base/testing";

export interface TestRegistryOptions {
  /** Asks for tokens as the platform's registry does: who may do what in which repository. */
  grant?: (username: string | undefined, repository: string, actions: readonly string[]) => readonly string[];
  /** With grant: whose password is right. Defaults to everybody's. */
  knows?: (username: string, password: string) => boolean;
  /** Asks for BASIC_CREDENTIAL, as registries do that are not ours. */
  basic?: boolean;
  /** Speaks TLS, by an authority that nobody knows but who is given `authorityFile`. */
  tls?: boolean;
}

/** Whom a registry with `basic` knows. */
export const BASIC_CREDENTIAL = { username: "robot", password: "builder-password" };
const BASIC_FILE = "robot:$2b$04$7eZaTR5eJuYq8g305RxF8eWJENpJJ5XHPoTchqsrB2UrplX5BytbS\n";

export interface TestRegistry {
  /** http://127.0.0.1:<port>; with tls https:// */
  readonly url: string;
  /** With tls: the authority of its certificate, PEM. */
  readonly authorityFile: string;
  stop(): Promise<void>;
}

/** Starts the real registry on a loopback port, its content in a directory of its own. */
export async function startTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  let tokens: Awaited<ReturnType<typeof startTokenService>> | undefined;
  const { address, directory, stop } = await startDockerRegistry(async (at) => {
    const { grant, basic, tls } = options;
    tokens = grant && (await startTokenService(at, { ...options, grant }));
    const auth = tokens ? tokenAuth(tokens) : basic ? await basicAuth(at) : undefined;
    return { ...(auth && { auth }), ...(tls && { tls: await writeCertificate(at) }) };
  });
  return {
    url: `${options.tls ? "https" : "http"}://${address}`,
    authorityFile: join(directory, AUTHORITY),
    stop: async () => {
      await stop();
      tokens?.server.close();
      tokens?.server.closeAllConnections();
    },
  };
}

const AUTHORITY = "authority.pem";

function tokenAuth({ realm, certificateFile }: Awaited<ReturnType<typeof startTokenService>>): object {
  return { token: { realm, service: "registry", issuer: "jdos", rootcertbundle: certificateFile } };
}

async function basicAuth(directory: string): Promise<object> {
  const path = join(directory, "htpasswd");
  await writeFile(path, BASIC_FILE);
  return { htpasswd: { realm: "test", path } };
}

async function writeCertificate(directory: string): Promise<{ certificate: string; key: string }> {
  const authority = await createCertificateAuthority({ commonName: "registry test" });
  const pair = await issueCertificate(authority, {
    commonName: "registry",
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
  });
  const tls = { certificate: join(directory, "tls.crt"), key: join(directory, "tls.key") };
  await writeFile(join(directory, AUTHORITY), authority.certPem);
  await writeFile(tls.certificate, pair.certPem);
  await writeFile(tls.key, pair.keyPem);
  return tls;
}

type TokenServiceOptions = Pick<TestRegistryOptions, "knows"> & Required<Pick<TestRegistryOptions, "grant">>;

async function startTokenService(
  directory: string,
  { grant, knows = () => true }: TokenServiceOptions,
): Promise<{ realm: string; certificateFile: string; server: Server }> {
  const { certPem, keyPem } = await createCertificateAuthority({ commonName: "registry tokens" });
  const certificateFile = join(directory, "token.crt");
  await writeFile(certificateFile, certPem);
  const der = certPem.replace(/-----[^-]+-----|\s/g, "");
  const key = createPrivateKey(keyPem);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const [username = "", ...password] = Buffer.from(request.headers.authorization?.slice(6) ?? "", "base64")
      .toString("utf8")
      .split(":");
    if (username !== "" && !knows(username, password.join(":"))) {
      response.writeHead(401).end();
      return;
    }
    const access = url.searchParams.getAll("scope").map((scope) => {
      const [type = "", name = "", actions = ""] = scope.split(":");
      return { type, name, actions: grant(username === "" ? undefined : username, name, actions.split(",")) };
    });
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const content = `${part({ typ: "JWT", alg: "ES256", x5c: [der] })}.${part({ iss: "jdos", sub: username, aud: "registry", iat: now, nbf: now - 10, exp: now + 300, jti: String(now), access })}`;
    const signature = sign("sha256", Buffer.from(content), { key, dsaEncoding: "ieee-p1363" }).toString(
      "base64url",
    );
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ token: `${content}.${signature}` }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/registry/token`,
    certificateFile,
    server,
  };
}
