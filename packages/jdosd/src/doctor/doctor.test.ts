import assert from "node:assert/strict";
import { test } from "node:test";
import { readCommandLine } from "../options.ts";
import { diagnose } from "./doctor.ts";

test("diagnose() finds all that the tests of this package need themselves", async () => {
  const findings = await diagnose(readCommandLine(["doctor"], process.env).options);
  const needed = ["root", "overlayfs", "bridge and veth", "nftables", "control groups"];
  assert.deepEqual(
    findings.filter(({ name, ok }) => needed.includes(name) && !ok),
    [],
  );
  assert.deepEqual(
    needed.filter((name) => !findings.some((finding) => finding.name === name)),
    [],
  );
});

test("diagnose() asks for root, not for kernel modules, where it may not try", async () => {
  const findings = await diagnose(readCommandLine(["doctor"], process.env).options, { uid: 1000 });
  for (const wanted of ["root", "bridge and veth", "nftables"]) {
    const found = findings.find(({ name }) => name === wanted);
    assert.deepEqual([found?.ok, found?.hint], [false, "Run the command with sudo"], wanted);
  }
});
