import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { fetchPrivate } from "../coordinate/private-source.ts";
import type { ImageBuilderError } from "../errors.ts";
import { type PrivateGit, startPrivateGit } from "../testing/private-git.ts";
import { openGitAccess } from "./git-access.ts";

const PASSWORD = "t0ken/with:odd@signs%";
let root: string;
let server: PrivateGit;
let count = 0;
const said: string[] = [];

before(async () => {
  root = await mkdtemp(join(tmpdir(), "jdos-private-"));
  const files = { "index.js": "mine", "web/index.js": "web" };
  server = await startPrivateGit({ root: join(root, "forge"), username: "ada", password: PASSWORD, files });
});

after(async () => {
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

async function mounted(secret: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(root, `secret-${++count}`);
  await mkdir(directory);
  for (const [key, value] of Object.entries(secret)) await writeFile(join(directory, key), value);
  return directory;
}

interface Given {
  url?: string;
  path?: string;
  secret?: Readonly<Record<string, string>>;
}

async function fetchOf({
  url = server.url,
  path,
  secret = { username: "ada", password: `${PASSWORD}\n` },
}: Given) {
  const scratch = join(root, `scratch-${++count}`);
  await mkdir(scratch);
  try {
    return await fetchPrivate({
      git: { url, secret: "forge", ...(path === undefined ? {} : { path }) },
      mounted: await mounted(secret),
      environment: join(root, "none"),
      scratch,
      directory: join(root, `checkout-${count}`),
      log: (line) => said.push(line),
    });
  } finally {
    assert.deepEqual(readdirSync(scratch), []);
    const password = secret.password?.trim();
    const told = said.splice(0).join("\n");
    assert.ok(password === undefined || !told.includes(password), told);
  }
}

/** A server that sends everybody elsewhere, and keeps the logins it was told. */
async function redirectTo(
  target: () => string,
): Promise<{ origin: string; server: Server; logins: string[] }> {
  const logins: string[] = [];
  const made = createServer(({ headers, url = "" }, response) => {
    if (headers.authorization !== undefined) logins.push(headers.authorization);
    response.writeHead(302, { location: `${target()}${url}` }).end();
  }).listen(0, "127.0.0.1");
  await once(made, "listening");
  return { origin: `http://127.0.0.1:${(made.address() as AddressInfo).port}`, server: made, logins };
}

async function close(each: Server): Promise<void> {
  each.close();
  each.closeAllConnections();
}

function refusal(of: { code: string; message: RegExp }) {
  return (error: ImageBuilderError): boolean => {
    assert.equal(error.code, of.code);
    assert.match(error.message, of.message);
    const told = `${error.message} ${error.hint} ${String((error.cause as Error | undefined)?.stack)}`;
    assert.ok(!told.includes(PASSWORD) && !told.includes(encodeURIComponent(PASSWORD)), told);
    assert.ok(error.hint);
    return true;
  };
}

test("fetchPrivate() reads a repository that asks for a login, and leaves none behind", async () => {
  const { directory, commit } = await fetchOf({ path: "web" });
  assert.equal(readFileSync(join(directory, "index.js"), "utf8"), "web");
  assert.equal(commit, server.commit);
  assert.ok(!existsSync(join(directory, "../.git")));
});

test("fetchPrivate() takes the user of the URL where the Secret names none, and never its password", async () => {
  const url = server.url.replace("://", "://ada:wrong@");
  const { commit } = await fetchOf({ url, secret: { password: PASSWORD } });
  assert.equal(commit, server.commit);
});

test("fetchPrivate() says that a login is refused, that a Secret is missing and that it has no password", async () => {
  const code = "SourceUnauthorized";
  await assert.rejects(
    fetchOf({ secret: { username: "ada", password: "0utdated" } }),
    (error: ImageBuilderError) => {
      assert.ok(!JSON.stringify([error, error.message, error.cause]).includes("0utdated"));
      return refusal({ code, message: /login of Secret "forge" was refused/ })(error);
    },
  );
  const without: Record<string, string>[] = [{}, { username: "ada", "ssh-privatekey": "key" }];
  for (const secret of without)
    await assert.rejects(
      fetchOf({ secret }),
      refusal({ code, message: /"forge" is not there, or has no "password"/ }),
    );
  await assert.rejects(
    fetchOf({ url: "git@127.0.0.1:team/app.git" }),
    refusal({ code, message: /has no "ssh-privatekey"/ }),
  );
  await assert.rejects(fetchOf({ url: "git://127.0.0.1/app.git" }), refusal({ code, message: /no login/ }));
});

test("fetchPrivate() never gives the credential to the host of a redirect", async () => {
  const other = await startPrivateGit({
    root: join(root, "other"),
    username: "ada",
    password: PASSWORD,
    files: { x: "x" },
  });
  const first = await redirectTo(() => new URL(other.url).origin);
  try {
    await assert.rejects(
      fetchOf({ url: `${first.origin}/app.git` }),
      refusal({ code: "SourceUnauthorized", message: /was refused/ }),
    );
    const secret = Buffer.from(`ada:${PASSWORD}`).toString("base64");
    assert.ok(![...other.logins, ...first.logins].some((login) => login.includes(secret)));
  } finally {
    await close(first.server);
    await other.stop();
  }
});

test("fetchPrivate() never gives it to a redirect that comes after the login", async () => {
  const other = await startPrivateGit({
    root: join(root, "third"),
    username: "ada",
    password: PASSWORD,
    files: { x: "x" },
  });
  const asked: string[] = [];
  const first = createServer(({ headers, url = "" }, response) => {
    if (headers.authorization === undefined)
      return void response.writeHead(401, { "www-authenticate": "Basic" }).end();
    asked.push(headers.authorization);
    response.writeHead(302, { location: `${new URL(other.url).origin}${url}` }).end();
  }).listen(0, "127.0.0.1");
  await once(first, "listening");
  try {
    const { port } = first.address() as AddressInfo;
    await assert.rejects(fetchOf({ url: `http://127.0.0.1:${port}/app.git` }), {
      code: "SourceUnauthorized",
    });
    assert.equal(asked.length, 1);
    assert.ok(!other.logins.includes(asked[0]!));
  } finally {
    await close(first);
    await other.stop();
  }
});

test("openGitAccess() keeps an ssh key in a file of its own, and trusts hosts as the Secret says", async () => {
  const key = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nAAAAsecret\r\n-----END OPENSSH PRIVATE KEY-----\r\n";
  for (const known of [undefined, "git.example.org ssh-ed25519 AAAA"]) {
    const scratch = join(root, `ssh-${++count}`);
    await mkdir(scratch);
    const access = await openGitAccess({
      url: "git@git.example.org:team/app.git",
      secret: "deploy",
      mounted: await mounted({
        "ssh-privatekey": key,
        ...(known === undefined ? {} : { known_hosts: known }),
      }),
      scratch,
    });
    const file = join(scratch, "git-key");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(readFileSync(file, "utf8").endsWith("\nAAAAsecret\n-----END OPENSSH PRIVATE KEY-----\n"));
    const command = access.env.GIT_SSH_COMMAND ?? "";
    assert.match(
      command,
      known === undefined ? /StrictHostKeyChecking=accept-new/ : /StrictHostKeyChecking=yes/,
    );
    assert.equal(access.note === undefined, known !== undefined);
    assert.ok(!JSON.stringify(access).includes("AAAAsecret"));
    assert.equal(access.redact("x AAAAsecret y"), "x *** y");
  }
});
