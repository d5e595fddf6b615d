import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { claimInstance, instanceNames, runCommand } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { readCommandLine } from "../options.ts";
import { createProgress } from "../progress.ts";
import { down } from "./down.ts";

const INSTANCE = testInstance();
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "jdos-down-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const optionsOf = () => readCommandLine(["down", "--data-dir", dataDir], {}).options;
const progress = createProgress(() => {});

test("down() of a directory that never ran does nothing, and may be repeated", async () => {
  await writeFile(join(dataDir, "notes.txt"), "mine");
  await down({ options: optionsOf(), progress });
  await down({ options: optionsOf(), purge: true, progress });
  assert.deepEqual(await readdir(dataDir), ["notes.txt"]);
});

test("down() removes bridge, packet rules and routes that a killed platform left, and keeps the data", async () => {
  const names = instanceNames(INSTANCE);
  await claimInstance(dataDir, INSTANCE);
  await mkdir(join(dataDir, "apiserver"));
  await runCommand(["ip", "link", "add", names.bridge, "type", "bridge"]);
  await runCommand(["ip", "route", "add", "unreachable", names.pods.range]);
  await runCommand(["nft", "add", "table", "inet", names.tables.services]);

  await down({ options: optionsOf(), progress });
  assert.ok((await readdir(dataDir)).includes("apiserver"));
  assert.ok(!(await readdir("/sys/class/net")).includes(names.bridge));
  assert.equal((await runCommand(["ip", "route", "show", "root", names.pods.range])).stdout, "");
  assert.ok(!(await runCommand(["nft", "list", "tables"])).stdout.includes(names.tables.services));

  await down({ options: optionsOf(), purge: true, progress });
  await assert.rejects(readdir(dataDir), { code: "ENOENT" });
});
