import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { instanceNames } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { example, jdosIn, type MachinePlatform, startMachine } from "./support/platform.ts";
import { eventually, runProgram } from "./support/process.ts";
import { except } from "./support/target.ts";

describe("a machine", except("kubernetes", "up, down and doctor act on one machine"), () => {
  let platform: MachinePlatform;
  before(async () => {
    platform = await startMachine();
  });
  after(() => platform?.stop());

  it("status tells of every component, kubeconfig is kubectl's, doctor finds what is there", async () => {
    const status = await platform.json<{
      pid: number;
      ready: boolean;
      components: { name: string; state: string }[];
    }>("status");
    assert.equal(status.ready, true);
    assert.ok(
      status.components.every(({ state }) => state === "running"),
      JSON.stringify(status.components),
    );
    const path = (await platform.say("kubeconfig")).trim();
    const nodes = await runProgram("kubectl", ["--kubeconfig", path, "get", "nodes", "--no-headers"]);
    assert.match(nodes.stdout, /^\S+ +Ready/);
    const findings = JSON.parse((await platform.jdos("doctor", "-o", "json")).stdout) as {
      name: string;
      ok: boolean;
    }[];
    assert.ok(findings.some(({ name }) => name === "ports"));
  });

  it("a second up on one data directory is told who runs it", async () => {
    const { exitCode, stderr } = await platform.up();
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`: .*process ${await platform.pid()}\\b.*\nhint: .*jdos down`));
  });

  it("a port that is taken is named, and the refused start leaves no directory", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "jdos-e2e-port-"));
    const { instance, ports } = instanceNames(testInstance());
    const server = createServer().listen(ports.platform, "127.0.0.1");
    await once(server, "listening");
    try {
      const { exitCode, stderr } = await jdosIn(dataDir, ["up", "--detach", "--instance", String(instance)]);
      assert.equal(exitCode, 1);
      assert.match(stderr, new RegExp(`^PortTaken: .*:${ports.platform}.*taken\\nhint: `, "m"));
      assert.equal(existsSync(dataDir), false);
    } finally {
      server.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it("who is not root is told so", async () => {
    const { exitCode, stderr } = await runProgram("setpriv", [
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "--",
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      join(import.meta.dirname, "../../packages/cli/src/main.ts"),
      "up",
      "--data-dir",
      "/tmp/jdos-nobody",
    ]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^NotRoot: /m);
  });

  it("down keeps the data, and up brings the applications back", async () => {
    const app = ["--system", "e2e", "--app", "kept"];
    await platform.json("deploy", example("hello-node"), ...app);
    await platform.say("down");
    assert.equal((await platform.json<{ pid: number | null }>("status")).pid, null);
    await assert.rejects(platform.ask("kept"));
    const { exitCode, stderr } = await platform.up();
    assert.equal(exitCode, 0, stderr);
    await eventually(async () => assert.equal((await platform.ask("kept")).status, 200));
  });

  it("down --purge leaves no process, mount, network namespace, packet rule, bridge, cgroup or file behind", {
    skip: process.env.JDOS_E2E_DATA_DIR === undefined ? false : "the platform is not ours",
  }, async () => {
    const { names, dataDir } = platform;
    await platform.say("down", "--purge");
    assert.deepEqual(processesOf(dataDir, names.runDir), []);
    const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
    assert.deepEqual(
      mounts.filter((line) => line.includes(dataDir) || line.includes(`${names.runDir}/`)),
      [],
    );
    assert.equal(existsSync(dataDir), false);
    assert.equal(existsSync(names.runDir), false);
    const said = async (file: string, ...args: string[]): Promise<string> =>
      (await runProgram(file, args)).stdout;
    assert.ok(!(await said("ip", "-br", "link")).includes(`${names.bridge} `), "the bridge is gone");
    assert.ok(
      !(await said("ip", "netns", "list")).includes(names.run.netnsPrefix),
      "network namespaces are gone",
    );
    const tables = await said("nft", "list", "tables");
    for (const table of [names.bridge, names.tables.pods, names.tables.services])
      assert.ok(!tables.split("\n").includes(`table inet ${table}`), table);
    assert.deepEqual(cgroupsNamed(names.cgroupParent.slice(1)), []);
    const results = "/var/lib/cni/results";
    assert.deepEqual(
      existsSync(results) ? readdirSync(results).filter((file) => file.startsWith(`${names.bridge}-`)) : [],
      [],
    );
  });
});

/** Processes whose command line names one of these directories. */
function processesOf(...directories: string[]): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return directories.some((directory) => line.includes(`${directory}/`)) ? [`${pid} ${line}`] : [];
    } catch {
      return [];
    }
  });
}

function cgroupsNamed(name: string): string[] {
  return ["", ...readdirSync("/sys/fs/cgroup")]
    .map((controller) => join("/sys/fs/cgroup", controller, name))
    .filter((path) => existsSync(path));
}
