import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hostPath, installPackages, missingPackages } from "./packages.ts";

test("missingPackages() names each package once whose program is on no path", async () => {
  const bin = await mkdtemp(join(tmpdir(), "jdos-bin-"));
  try {
    await writeFile(join(bin, "jdos-present"), "");
    await chmod(join(bin, "jdos-present"), 0o755);
    await writeFile(join(bin, "jdos-not-executable"), "");
    const programs = [
      { program: "jdos-present", package: "present" },
      { program: "jdos-absent", package: "absent" },
      { program: "jdos-absent-too", package: "absent" },
      { program: "jdos-not-executable", package: "broken" },
    ];
    assert.deepEqual(await missingPackages({ path: bin, programs }), ["absent", "broken"]);
  } finally {
    await rm(bin, { recursive: true });
  }
});

test("hostPath() adds Debian's directories once, after the caller's", () => {
  assert.equal(
    hostPath("/opt/bin:/usr/bin"),
    "/opt/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin",
  );
});

test("installPackages() does nothing for an empty list", async () => {
  const said: string[] = [];
  await installPackages([], (message) => said.push(message));
  assert.deepEqual(said, []);
});
