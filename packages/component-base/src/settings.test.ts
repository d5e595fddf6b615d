import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { address, boolean, choice, integer, list, text } from "./setting-kinds.ts";
import { describeSettings, readSettings } from "./settings.ts";

const SETTINGS = {
  "registry-url": text("where it is"),
  "scheduler-name": text("whose Pods", "jdos-scheduler"),
  "bind-concurrency": integer("at once", { fallback: 64, min: 1 }),
  "leader-election": boolean("wait for the lease", true),
  "log-level": choice("how much", ["info", "debug"], "info"),
  "health-address": address("health", "0.0.0.0:8081"),
  "admin-group": list("groups", ["a"]),
};
const read = (args: string[], env: Record<string, string> = {}) => readSettings(SETTINGS, { args, env });

describe("readSettings", () => {
  it("readSettings() of nothing gives the defaults", () => {
    assert.deepEqual(read([]), {
      "registry-url": undefined,
      "scheduler-name": "jdos-scheduler",
      "bind-concurrency": 64,
      "leader-election": true,
      "log-level": "info",
      "health-address": { host: "0.0.0.0", port: 8081 },
      "admin-group": ["a"],
    });
  });

  it("readSettings() lets a flag win over the variable, and an empty variable count as none", () => {
    const env = {
      JDOS_REGISTRY_URL: "http://env",
      JDOS_SCHEDULER_NAME: "env",
      JDOS_BIND_CONCURRENCY: "",
      JDOS_ADMIN_GROUP: "b,c",
    };
    const values = read(["--scheduler-name", "flag", "--leader-election=false"], env);
    assert.equal(values["registry-url"], "http://env");
    assert.equal(values["scheduler-name"], "flag");
    assert.equal(values["bind-concurrency"], 64);
    assert.equal(values["leader-election"], false);
    assert.deepEqual(values["admin-group"], ["b", "c"]);
    assert.deepEqual(read(["--admin-group", "x", "--admin-group", "y"])["admin-group"], ["x", "y"]);
  });

  it("readSettings() names the flag or the variable that is wrong, and what it should be", () => {
    const refused = (message: RegExp, args: string[], env: Record<string, string> = {}) =>
      assert.throws(() => read(args, env), { code: "InvalidOption", message });
    refused(/^Cannot read option --bind-concurrency: "0" is not a whole number of at least 1$/, [
      "--bind-concurrency=0",
    ]);
    refused(/^Cannot read option JDOS_LEADER_ELECTION: "maybe" is not "true" or "false"$/, [], {
      JDOS_LEADER_ELECTION: "maybe",
    });
    refused(/"x" is not one of info, debug$/, ["--log-level", "x"]);
    refused(/"8081" is not HOST:PORT$/, ["--health-address", "8081"]);
    refused(/"h:70000" is not HOST:PORT$/, ["--health-address", "h:70000"]);
    refused(/^Cannot read the arguments: Unknown option '--nonsense'/, ["--nonsense", "x"]);
  });

  it("readSettings() takes an empty flag for none, but an empty list for an empty list", () => {
    const values = read(["--registry-url=", "--scheduler-name=", "--bind-concurrency=", "--admin-group="]);
    assert.deepEqual(
      [values["registry-url"], values["scheduler-name"], values["bind-concurrency"], values["admin-group"]],
      [undefined, "jdos-scheduler", 64, []],
    );
  });

  it("address() takes an IPv6 address in brackets", () => {
    const values = read(["--health-address", "[::1]:0"]);
    assert.deepEqual(values["health-address"], { host: "::1", port: 0 });
  });

  it("describeSettings() has a line for each option", () => {
    const lines = describeSettings(SETTINGS).trimEnd().split("\n");
    assert.equal(lines.length, Object.keys(SETTINGS).length);
    assert.match(lines[1]!, /^ {2}--scheduler-name +jdos-scheduler +whose Pods$/);
  });
});
