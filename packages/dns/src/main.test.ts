import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Services } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import { ask } from "./testing/index.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

test("the process answers over HTTPS transport, and goes on while the API server is away", async () => {
  const server = await startTestServer({ https: true });
  const directory = await mkdtemp(join(tmpdir(), "jdos-dns-"));
  const config = join(directory, "dns.json");
  await server.adminClient().create(Services, {
    metadata: { name: "web", namespace: "default" },
    spec: { clusterIP: "10.128.0.7", ports: [{ port: 80 }] },
  });
  await writeFile(config, JSON.stringify({ port: 0, upstreams: [] }));
  const child = spawn(
    process.execPath,
    [MAIN, "--config", config, "--kubeconfig", server.adminKubeconfig, "--listen-address", "127.0.0.1"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  try {
    let port = 0;
    for await (const line of createInterface(child.stderr)) {
      port = (JSON.parse(line) as { port?: number }).port ?? 0;
      if (port > 0) break;
    }
    const name = "web.default.svc.cluster.local";
    assert.equal((await ask({ port, name, type: "A" })).answers[0]?.data, "10.128.0.7");
    await server.stop();
    assert.equal((await ask({ port, name, type: "A" })).answers[0]?.data, "10.128.0.7");
    child.kill("SIGTERM");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(code, 0);
  } finally {
    child.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  }
});

test("the process refuses a configuration it cannot use, with the reason", async () => {
  const child = spawn(process.execPath, [MAIN], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => {
    said += data;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 1);
  assert.match(said, /InvalidOption: Cannot start the name server: an address to listen on/);
});
