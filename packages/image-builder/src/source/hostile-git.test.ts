import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { deflateSync } from "node:zlib";
import { type PrivateGit, startPrivateGit } from "../testing/private-git.ts";
import { fetchGit, type GitOptions } from "./git.ts";
import { openGitAccess } from "./git-access.ts";

const PATH = process.env.PATH ?? "";
const OUTSIDE = "a file of the machine, not of the repository";
let root: string;
let forge: PrivateGit;
let repository: string;
let count = 0;

before(async () => {
  root = await mkdtemp(join(tmpdir(), "jdos-hostile-git-"));
  writeFileSync(join(root, "outside"), OUTSIDE);
  await mkdir(join(root, "forge"));
  forge = await startPrivateGit({
    root: join(root, "forge"),
    username: "ada",
    password: "x",
    files: { "index.js": "one" },
  });
  repository = join(root, "forge/app.git");
});

after(async () => {
  await forge.stop();
  await rm(root, { recursive: true, force: true });
});

function git(args: string[], input?: string | Buffer): string {
  const env = { PATH, HOME: root, GIT_CONFIG_NOSYSTEM: "1" };
  const identity = ["-c", "user.name=Eve", "-c", "user.email=eve@example.org"];
  return execFileSync("git", [...identity, "-C", repository, ...args], {
    env,
    encoding: "utf8",
    input,
    maxBuffer: 1 << 30,
  }).trim();
}

type Entry = readonly [mode: string, name: string, object: string];

const blob = (content: string | Buffer): string => git(["hash-object", "-w", "--stdin"], content);
/** Any tree, also one that git itself would not write. */
const tree = (entries: readonly Entry[]): string =>
  git(
    ["hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
    Buffer.concat(
      entries.flatMap(([mode, name, object]) => [
        Buffer.from(`${mode} ${name}\0`),
        Buffer.from(object, "hex"),
      ]),
    ),
  );

/** Puts a tree on a branch of its own. */
function branch(entries: readonly Entry[]): string {
  const name = `hostile-${++count}`;
  git(["update-ref", `refs/heads/${name}`, git(["commit-tree", tree(entries), "-m", "hostile"])]);
  return name;
}

async function fetchOf(options: Partial<GitOptions>) {
  const directory = join(root, `checkout-${++count}`);
  const scratch = join(root, `scratch-${count}`);
  const mounted = join(root, `secret-${count}`);
  await mkdir(scratch);
  await mkdir(mounted);
  writeFileSync(join(mounted, "username"), "ada");
  writeFileSync(join(mounted, "password"), "x");
  const access = await openGitAccess({ url: forge.url, secret: "forge", mounted, scratch });
  const lines: string[] = [];
  const run = { env: { PATH, HOME: scratch }, log: (line: string) => lines.push(line) };
  const fetched = await fetchGit({ url: forge.url, directory, run, access, ...options });
  return { ...fetched, lines };
}

/** All that a checkout has, and where its links lead. */
function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

for (const url of [
  "ssh://-oProxyCommand=touch%20/tmp/x/app.git",
  "ssh://ada@-oProxyCommand=touch/app.git",
  "-oProxyCommand=touch@example.org:app.git",
  "ada@-oProxyCommand:app.git",
  "git://-oProxyCommand/app.git",
  "ext::sh -c touch% /tmp/x",
  "transport::http://example.org/x",
  "fd::17",
  "https://example.org/app.git\u001b]0;title\u0007",
  "https://example.org/app.git\nhost=other.example.org",
])
  test(`fetchGit() refuses ${JSON.stringify(url)} in one plain line`, async () => {
    const run = { env: { PATH, HOME: root }, log: () => {} };
    const directory = join(root, `checkout-${++count}`);
    await assert.rejects(fetchGit({ url, directory, run }), ({ code, message }: Error & { code: string }) => {
      assert.equal(code, "SourceRefused");
      assert.doesNotMatch(message, /\p{Cc}/u);
      return true;
    });
    assert.ok(!existsSync(directory));
  });

test("fetchGit() leaves submodules out, wherever they point and whatever their paths are", async () => {
  const modules = [
    `[submodule "local"]\n\tpath = local\n\turl = file://${root}`,
    '[submodule "ssh"]\n\tpath = ssh\n\turl = ssh://-oProxyCommand=touch/x',
    '[submodule "command"]\n\tpath = command\n\turl = ext::sh -c "touch x"\n\tupdate = !touch x',
    '[submodule "../../../outside"]\n\tpath = ../../outside\n\turl = -u./x',
  ];
  const commit = git(["rev-parse", "HEAD"]);
  const { directory } = await fetchOf({
    revision: branch([
      ["100644", ".gitmodules", blob(`${modules.join("\n")}\n`)],
      ...["command", "local", "ssh"].map((name): Entry => ["160000", name, commit]),
    ]),
  });
  assert.deepEqual(listing(directory), [".gitmodules", "command", "local", "ssh"]);
  assert.deepEqual(readdirSync(join(directory, "local")), []);
});

test("fetchGit() runs no filter, hook or helper that a repository names", async () => {
  const ran = join(root, "ran");
  const config = `[filter "lfs"]\n\tsmudge = touch ${ran}\n\tprocess = touch ${ran}\n\trequired = true\n[core]\n\thooksPath = hooks\n\tfsmonitor = touch ${ran}\n[credential]\n\thelper = !touch ${ran}\n`;
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n";
  const hook = blob(`#!/bin/sh\ntouch ${ran}\n`);
  const { directory } = await fetchOf({
    revision: branch([
      [
        "100644",
        ".gitattributes",
        blob("* filter=lfs diff=lfs merge=lfs ident working-tree-encoding=UTF-16\n"),
      ],
      ["100644", ".gitconfig", blob(config)],
      ["100644", ".lfsconfig", blob(`[lfs]\n\turl = file://${root}\n`)],
      ["40000", "hooks", tree([["100755", "post-checkout", hook]])],
      ["100644", "large.bin", blob(pointer)],
    ]),
  });
  assert.ok(!existsSync(ran), "something ran");
  assert.ok(existsSync(join(directory, "hooks/post-checkout")));
});

const evil: readonly [string, () => readonly Entry[]][] = [
  ["a .git of its own", () => [["40000", ".git", tree([["100644", "config", blob("[core]\n")]])]]],
  ["a .git in another case", () => [["40000", ".GIT", tree([["100644", "config", blob("[core]\n")]])]]],
  ["a .git by its short name", () => [["40000", "GIT~1", tree([["100644", "config", blob("[core]\n")]])]]],
  [
    "a .git behind a character nobody sees",
    () => [["40000", ".g\u200cit", tree([["100644", "x", blob("")]])]],
  ],
  ["a .git that is a link", () => [["120000", ".git", blob("..")]]],
  ["a name that climbs", () => [["40000", "..", tree([["100644", "outside", blob("changed")]])]]],
  ["a path in a name", () => [["100644", "../outside", blob("changed")]]],
  ["a .gitmodules that is a link", () => [["120000", ".gitmodules", blob("../outside")]]],
];
for (const [what, entries] of evil)
  test(`fetchGit() takes no tree with ${what}`, async () => {
    await assert.rejects(fetchOf({ revision: branch(entries()) }), { name: "ImageBuilderError" });
    assert.equal(readFileSync(join(root, "outside"), "utf8"), OUTSIDE);
  });

test("fetchGit() writes nothing through a link, and names that differ in case are two files", async () => {
  const files = (): Entry[] => [
    ["100644", "README", blob("large")],
    ["120000", "a", blob(root)],
    ["40000", "a", tree([["100644", "outside", blob("changed")]])],
    ["100644", "readme", blob("small")],
  ];
  await fetchOf({ revision: branch(files()) }).then(
    ({ directory }) => {
      assert.equal(readFileSync(join(directory, "README"), "utf8"), "large");
      assert.equal(readFileSync(join(directory, "readme"), "utf8"), "small");
    },
    ({ name }: Error) => assert.equal(name, "ImageBuilderError"),
  );
  assert.equal(readFileSync(join(root, "outside"), "utf8"), OUTSIDE);
});

test("fetchGit() takes links as links, for what copies them to judge", async () => {
  const { directory } = await fetchOf({
    revision: branch([["120000", "link", blob(join(root, "outside"))]]),
  });
  assert.ok(lstatSync(join(directory, "link")).isSymbolicLink());
});

test("fetchGit() counts before it writes: the same folder ten times in itself, nine times over", async () => {
  let object = tree([["100644", "file", blob("x".repeat(100))]]);
  for (let depth = 0; depth < 9; depth++)
    object = tree(Array.from({ length: 10 }, (_, n): Entry => ["40000", `d${n}`, object]));
  const revision = branch([["40000", "d", object]]);
  const limits = { maxFiles: 20_000 };
  await assert.rejects(fetchOf({ revision, ...limits }), {
    code: "SourceTooLarge",
    message: "Cannot use the source: the repository has more than 20000 files",
  });
  await assert.rejects(fetchOf({ revision, maxBytes: 1024 ** 2 }), {
    code: "SourceTooLarge",
    message: /more than 1 MiB/,
  });
  assert.deepEqual(readdirSync(join(root, `checkout-${count}`)), [".git"]);
});

/**
 * A pack of a blob of zeros and one that is the first, thirty times: some KiB that unpack to 480 MiB. Source:
 * gitformat-pack(5), deltified representation.
 */
function deltaBomb(): Buffer {
  const base = Buffer.alloc(0xffffff);
  const id = createHash("sha1").update(`blob ${base.length}\0`).update(base).digest();
  const copyAll = Buffer.from([0x80 | 0x70, 0xff, 0xff, 0xff]);
  const copies = Array.from({ length: 30 }, () => copyAll);
  const delta = Buffer.concat([varint(base.length), varint(base.length * copies.length), ...copies]);
  const pack = Buffer.concat([
    ...[Buffer.from("PACK"), Buffer.from([0, 0, 0, 2, 0, 0, 0, 2])],
    ...[objectHeader(3, base.length), deflateSync(base)],
    ...[objectHeader(7, delta.length), id, deflateSync(delta)],
  ]);
  return Buffer.concat([pack, createHash("sha1").update(pack).digest()]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    if (rest < 128) return Buffer.from(bytes);
  }
}

/** The first byte has the kind and four bits of the size. */
function objectHeader(kind: number, size: number): Buffer {
  const rest = Math.floor(size / 16);
  const first = (kind << 4) | (size % 16);
  return rest === 0 ? Buffer.from([first]) : Buffer.concat([Buffer.from([first | 0x80]), varint(rest)]);
}

test("fetchGit() ends with a sentence when a small pack unpacks to more than memory", async () => {
  const pack = deltaBomb();
  assert.ok(pack.length < 100_000);
  git(["index-pack", "--stdin"], pack);
  const objects = git(["cat-file", "--batch-check", "--batch-all-objects"]).split("\n");
  const [bomb = ""] = objects.find((line) => line.endsWith(` ${30 * 0xffffff}`))?.split(" ") ?? [];
  const [base = ""] = objects.find((line) => line.endsWith(` ${0xffffff}`))?.split(" ") ?? [];
  const revision = branch([
    ["100644", "base", base],
    ["100644", "bomb", bomb],
  ]);
  await assert.rejects(fetchOf({ revision }), {
    code: "SourceTooLarge",
    message: /more memory than a source may/,
  });
});

test("fetchGit() takes a file of 64 MiB and 3,000 others within its bounds", async () => {
  const large = blob(Buffer.alloc(64 * 1024 ** 2, "0123456789abcdef\n"));
  const same = blob("same");
  const many = tree(Array.from({ length: 3000 }, (_, n): Entry => ["100644", `f${n + 10_000}`, same]));
  const { directory } = await fetchOf({
    revision: branch([
      ["100644", "large", large],
      ["40000", "many", many],
    ]),
  });
  assert.equal(lstatSync(join(directory, "large")).size, 64 * 1024 ** 2);
  assert.equal(readdirSync(join(directory, "many")).length, 3000);
});
