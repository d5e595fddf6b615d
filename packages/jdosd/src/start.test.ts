import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { claimInstance, releaseInstance } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { readCommandLine } from "./options.ts";
import { createProgress } from "./progress.ts";
import { start } from "./start.ts";

test("start() that is refused for its number leaves no directory behind", async () => {
  const directory = await mkdtemp(join(tmpdir(), "jdos-start-"));
  const [holder, refused] = [join(directory, "holder"), join(directory, "refused")];
  const instance = await claimInstance(holder, testInstance());
  try {
    const args = ["run", "--data-dir", refused, "--instance", String(instance)];
    const { options } = readCommandLine(args, process.env);
    await assert.rejects(
      start(
        options,
        createProgress(() => {}),
      ),
      { code: "InstanceTaken" },
    );
    assert.deepEqual(await readdir(directory), ["holder"]);
  } finally {
    await releaseInstance(holder, instance);
    await rm(directory, { recursive: true });
  }
});
