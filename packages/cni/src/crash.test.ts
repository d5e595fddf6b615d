import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runCommand } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { type CniCall, startTestNetwork, type TestNetwork } from "./testing/index.ts";

const DAEMON = fileURLToPath(new URL("./testing/daemon-process.ts", import.meta.url));
const ROUNDS = 6;
const SANDBOXES = 6;
let network: TestNetwork;

before(async () => {
  network = await startTestNetwork(testInstance());
  await network.stopDaemon();
});
after(() => network.close());

async function startProcess(): Promise<ChildProcess> {
  const { log: _, ...options } = network.options;
  const argv = ["--disable-warning=ExperimentalWarning", DAEMON, JSON.stringify(options)];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    child.stdout!.once("data", resolve);
    child.once("exit", (code) => reject(new Error(`The daemon ended with ${code}`)));
  });
  return child;
}

function kill(child: ChildProcess): Promise<unknown> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  return ended;
}

test("a daemon killed in the middle of ADD leaves nothing, and gives no address twice", {
  timeout: 120_000,
}, async () => {
  const refused: CniCall[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const daemon = await startProcess();
    const sandboxes = await Promise.all(Array.from({ length: SANDBOXES }, () => network.sandbox()));
    const adds = sandboxes.map((sandbox) => network.call("ADD", sandbox));
    // Each round at another moment of the calls under way.
    await new Promise((resolve) => setTimeout(resolve, 8 * round));
    await kill(daemon);
    const answers = await Promise.all(adds);
    refused.push(...answers.filter(({ exitCode }) => exitCode !== 0));

    const again = await startProcess();
    const retried = await Promise.all(sandboxes.map((sandbox) => network.call("ADD", sandbox)));
    const addresses = retried.map(({ body, stdout }) => body.ips?.[0]?.address ?? stdout);
    assert.equal(new Set(addresses).size, SANDBOXES);
    for (const sandbox of sandboxes) assert.equal((await network.call("CHECK", sandbox)).exitCode, 0);
    await kill(again);
    for (const sandbox of sandboxes) {
      assert.equal((await network.call("DEL", sandbox)).exitCode, 0);
      await network.removeNamespace(sandbox);
    }
  }
  assert.ok(refused.length > 0, "some ADD was cut off");
  for (const { body } of refused) assert.equal(body.code, 11);

  await network.startDaemon();
  const { bridge } = network.options;
  const left = readdirSync("/sys/class/net").filter((name) => name.startsWith(`${bridge}-`));
  assert.deepEqual(left, []);
  const { stdout } = await runCommand(["ip", "route"]);
  assert.doesNotMatch(stdout, new RegExp(`${bridge}-`));
  const config = { cniVersion: "1.1.0", "cni.dev/valid-attachments": [] };
  const fresh = await network.sandbox();
  assert.equal((await network.call("GC", fresh, { config })).exitCode, 0);
  assert.equal((await network.call("ADD", fresh)).exitCode, 0);
});
