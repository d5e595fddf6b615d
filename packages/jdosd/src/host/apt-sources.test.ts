import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readAptSources } from "./apt-sources.ts";

async function readFrom(files: Record<string, string>) {
  const etc = await mkdtemp(join(tmpdir(), "jdos-etc-"));
  try {
    await mkdir(join(etc, "apt/sources.list.d"), { recursive: true });
    await writeFile(join(etc, "os-release"), "ID=debian\nVERSION_CODENAME=bookworm\n");
    for (const [path, text] of Object.entries(files)) await writeFile(join(etc, "apt", path), text);
    return await readAptSources(etc);
  } finally {
    await rm(etc, { recursive: true });
  }
}

test("readAptSources() takes Debian's suites and leaves other vendors out", async () => {
  const { codename, text } = await readFrom({
    "sources.list.d/debian.sources":
      "# comment\nTypes: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\n" +
      "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n",
    "sources.list.d/vendor.list": "deb http://vendor.example/apt vendor-bookworm main\n",
  });
  assert.equal(codename, "bookworm");
  assert.equal(
    text,
    "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n",
  );
});

test("readAptSources() reads one-line entries as stanzas", async () => {
  const { text } = await readFrom({
    "sources.list":
      "deb-src http://mirror.example/debian bookworm main\n" +
      "deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] http://mirror.example/debian bookworm main contrib # here\n",
  });
  assert.equal(
    text,
    "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main contrib\nSigned-By: /usr/share/keyrings/k.gpg\n",
  );
});

test("readAptSources() says when Debian has no mirror here", async () => {
  await assert.rejects(readFrom({ "sources.list": "# empty\n" }), { code: "NotDebian" });
});
