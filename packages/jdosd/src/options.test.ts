import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeNameOf, readCommandLine } from "./options.ts";

test("readCommandLine() prefers flags to the environment, and has defaults", () => {
  const { command, purge, options } = readCommandLine(["down", "--purge", "--data-dir", "/a"], {
    JDOS_DATA_DIR: "/b",
  });
  assert.equal(command, "down");
  assert.equal(purge, true);
  assert.equal(options.dataDir, "/a");
  assert.equal(readCommandLine(["run"], { JDOS_DATA_DIR: "/b" }).options.dataDir, "/b");
  const defaults = readCommandLine(["run"], {}).options;
  assert.equal(defaults.dataDir, "/var/lib/jdos");
  assert.equal(defaults.instance, undefined);
  assert.equal(defaults.listenAddress, "127.0.0.1");
  assert.equal(defaults.transport, "in-process");
});

test("readCommandLine() reads the instance as a number or auto, and refuses the rest", () => {
  assert.equal(readCommandLine(["run", "--instance", "48"], {}).options.instance, 48);
  assert.equal(readCommandLine(["run"], { JDOS_INSTANCE: "auto" }).options.instance, "auto");
  assert.throws(() => readCommandLine(["run", "--instance", "x"], {}), { code: "InvalidOption" });
  assert.throws(() => readCommandLine(["run", "--unknown"], {}), { code: "InvalidOption" });
});

test("nodeNameOf() makes a name that Kubernetes takes", () => {
  assert.equal(nodeNameOf("My_Host.Example"), "my-host.example");
  assert.equal(nodeNameOf("-x-"), "x");
  assert.equal(nodeNameOf(""), "localhost");
});
