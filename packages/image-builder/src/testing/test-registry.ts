import { type ChildProcess, spawn } from "node:child_process";
import { createPrivateKey, sign } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createCertificateAuthority, issueCertificate } from "@jdos/component-base";

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
  const directory = await mkdtemp(join(tmpdir(), "jdos-registry-"));
  const port = await freePort();
  const tokens = options.grant && (await startTokenService(directory, { ...options, grant: options.grant }));
  const tls = options.tls ? await writeCertificate(directory) : undefined;
  const config = {
    version: 0.1,
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(directory, "data") }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, ...(tls && { tls }) },
    auth: tokens ? tokenAuth(tokens) : options.basic ? await basicAuth(directory) : undefined,
  };
  await writeFile(join(directory, "config.yml"), JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", join(directory, "config.yml")], { stdio: "ignore" });
  await answering(port, child);
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    authorityFile: join(directory, AUTHORITY),
    stop: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      tokens?.server.close();
      tokens?.server.closeAllConnections();
      await rm(directory, { recursive: true, force: true });
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

async function freePort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`the registry ended with exit code ${child.exitCode}`);
    const socket = connect({ host: "127.0.0.1", port });
    const accepted = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (accepted) return;
    await sleep(25);
  }
  throw new Error("the registry did not answer");
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
