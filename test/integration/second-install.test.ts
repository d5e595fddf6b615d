import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { ConfigMaps, Namespaces } from "@jdos/api";
import { type Ran, runCli } from "@jdos/cli/testing";
import { type SimulatedCluster, startSimulatedCluster } from "./support/cluster.ts";
import { assertRefusal } from "./support/refused.ts";

const RECORD = { name: "installation", namespace: "jdos-system" };

describe("two installs in one cluster", () => {
  let cluster: SimulatedCluster;
  let images: string;
  before(async () => {
    cluster = await startSimulatedCluster();
    images = join(cluster.directory, "images");
    await writeFile(images, '{"images":{"platform":"r/platform@sha256:1","base":"r/base@sha256:2"}}');
  });
  after(() => cluster.stop());
  beforeEach(async () => {
    await cluster.client.delete(ConfigMaps, RECORD).catch(() => {});
    await cluster.client.create(Namespaces, { metadata: { name: "jdos-system" } }).catch(() => {});
  });

  function jdos(...args: string[]): Promise<Ran> {
    return runCli([...args, "--kubeconfig", cluster.server.adminKubeconfig], undefined);
  }

  const install = (): Promise<Ran> => jdos("install", "--registry", "127.0.0.1:5000", "--images", images);

  async function record(installation: object): Promise<void> {
    const whole = { id: "a1", version: "0.1.0", objects: [], values: {}, ...installation };
    const data = { "installation.json": JSON.stringify(whole) };
    await cluster.client.create(ConfigMaps, { metadata: RECORD, data });
  }

  async function assertRefused(ran: () => Promise<Ran>, code: string, words: RegExp): Promise<void> {
    const before = cluster.server.revision();
    const { exitCode, stderr } = await ran();
    assert.equal(exitCode, 1);
    assertRefusal(stderr, code, words);
    assert.equal(cluster.server.revision(), before);
  }

  it("install where one is, of this version or another, names it and what can be done", async () => {
    for (const state of ["Installed", "Upgrading"]) {
      await record({ state, version: "0.0.7" });
      await assertRefused(
        install,
        "AlreadyInstalled",
        new RegExp(
          `has JDOS already \\(installation a1, version 0\\.0\\.7, ${state}\\)\\nhint: .*jdos upgrade`,
        ),
      );
      await cluster.client.delete(ConfigMaps, RECORD);
    }
  });

  it("install where another version's install was broken off asks which of the two is meant", async () => {
    await record({ state: "Installing", version: "0.0.7" });
    await assertRefused(
      install,
      "InstallBegun",
      /an install of version 0\.0\.7 was begun .* this is version 0\.1\.0\nhint: .*jdos upgrade; .*jdos uninstall/,
    );
  });

  it("install and upgrade while one is being uninstalled say to end that", async () => {
    await record({ state: "Uninstalling" });
    await assertRefused(install, "Uninstalling", /has not ended\nhint: .*jdos uninstall --applications/);
    await assertRefused(
      () => jdos("upgrade"),
      "Uninstalling",
      /has not ended\nhint: .*jdos uninstall --applications/,
    );
  });

  it("a record that cannot be read is named, and nothing is guessed", async () => {
    await cluster.client.create(ConfigMaps, { metadata: RECORD, data: { "installation.json": "{" } });
    for (const ran of [install, () => jdos("upgrade"), () => jdos("uninstall", "--applications", "keep")])
      await assertRefused(ran, "RecordUnreadable", /ConfigMap jdos-system\/installation\b.*\nhint: /);
  });

  it("of two installs at the same moment one does it, the other says so", async () => {
    const [one, two] = await Promise.all([install(), install()]);
    const codes = [one.exitCode, two.exitCode].sort();
    assert.deepEqual(codes, [0, 1], `${one.stderr}\n${two.stderr}`);
    const refused = one.exitCode === 1 ? one : two;
    assert.match(
      refused.stderr,
      /AlreadyInstalled: Cannot go on: another install .* began meanwhile .*\nhint: /,
    );
    const { stdout } = await jdos("status", "-o", "json");
    const { state, ready } = JSON.parse(stdout) as { state: string; ready: boolean };
    assert.deepEqual([state, ready], ["Installed", true]);
    assert.equal((await jdos("uninstall", "--applications", "delete")).exitCode, 0);
  });
});
