import assert from "node:assert/strict";
import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { type LogQuery, readContainerLog } from "./container-log.ts";

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-log-"));
});
after(() => rm(directory, { recursive: true, force: true }));

const TIME = "2025-01-02T03:04:05.000000000Z";
const line = (text: string, tag = "F") => `${TIME} stdout ${tag} ${text}\n`;

async function read(path: string, query: Partial<LogQuery> = {}): Promise<string> {
  const source = { path, isOpen: () => false };
  const parts: Buffer[] = [];
  const whole = { follow: false, timestamps: false, ...query };
  for await (const part of readContainerLog(source, whole, new AbortController().signal)) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

it("readContainerLog() joins the parts of a long line", async () => {
  const path = join(directory, "parts.log");
  await writeFile(path, line("long ", "P") + line("line") + line("next"));
  assert.equal(await read(path), "long line\nnext\n");
  assert.equal(await read(path, { tailLines: 1 }), "next\n");
  assert.equal(await read(path, { tailLines: 2 }), "long line\nnext\n");
});

it("readContainerLog() reads what was rotated aside first, and counts it in the tail", async () => {
  const path = join(directory, "0.log");
  await writeFile(`${path}.20250101-000000`, line("one") + line("two"));
  await writeFile(path, line("three"));
  assert.equal(await read(path), "one\ntwo\nthree\n");
  assert.equal(await read(path, { tailLines: 2 }), "two\nthree\n");
  assert.equal(await read(path, { tailLines: 0 }), "");
});

it("readContainerLog() goes on in the new file when the log is rotated while it is followed", async () => {
  const path = join(directory, "follow.log");
  await writeFile(path, line("one"));
  let open = true;
  const source = { path, isOpen: () => open };
  const lines = readContainerLog(source, { follow: true, timestamps: false }, new AbortController().signal);
  const next = async () => String((await lines.next()).value);
  assert.equal(await next(), "one\n");
  await appendFile(path, line("two"));
  await rename(path, `${path}.20250101-000000`);
  await writeFile(path, line("three"));
  assert.equal(await next(), "two\n");
  assert.equal(await next(), "three\n");
  open = false;
  assert.equal((await lines.next()).done, true);
});

it("readContainerLog() is empty for a log that is not there", async () => {
  assert.equal(await read(join(directory, "none.log")), "");
});
