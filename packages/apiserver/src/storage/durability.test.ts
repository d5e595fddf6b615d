import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Store } from "./store.ts";

const PROGRAM = fileURLToPath(new URL("../testing/durable-server.ts", import.meta.url));
const ROUNDS = 3;
const ACKNOWLEDGED = 400;
const WRITERS = 8;

interface Served {
  url: string;
  ca: string;
  certPem: string;
  keyPem: string;
}

/** Creates until the server is gone; reports each acknowledged name with its revision. */
async function write(
  served: Served,
  agent: Agent,
  { prefix, acknowledged }: { prefix: string; acknowledged(name: string, revision: string): void },
): Promise<void> {
  for (let index = 0; ; index++) {
    const name = `${prefix}-${index}`;
    const made = await post(served, agent, name).catch(() => undefined);
    if (made === undefined) return;
    acknowledged(name, made);
  }
}

function post({ url }: Served, agent: Agent, name: string): Promise<string> {
  const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { name } });
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/api/v1/namespaces/default/configmaps`,
      { method: "POST", agent, headers: { "content-type": "application/json" } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          response.complete && response.statusCode === 201
            ? resolve(JSON.parse(Buffer.concat(chunks).toString()).metadata.resourceVersion)
            : reject(new Error("cut off")),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("Store", () => {
  it("write() acknowledges nothing that a kill -9 of the server can take back", async () => {
    const directory = mkdtempSync(join(tmpdir(), "jdos-durable-"));
    const acknowledged = new Map<string, string>();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const child = spawn(process.execPath, [PROGRAM, directory], {
          stdio: ["ignore", "pipe", "inherit"],
          // What a killed server leaves behind goes with the directory.
          env: { ...process.env, TMPDIR: directory },
        });
        const gone = new Promise((resolve) => child.once("exit", resolve));
        const served = JSON.parse(
          await new Promise((resolve) => child.stdout.once("data", (line) => resolve(String(line)))),
        ) as Served;
        const agent = new Agent({ keepAlive: true, ca: served.ca, cert: served.certPem, key: served.keyPem });
        const goal = acknowledged.size + ACKNOWLEDGED;
        const seen = (name: string, revision: string) => {
          acknowledged.set(name, revision);
          if (acknowledged.size === goal) child.kill("SIGKILL");
        };
        await Promise.all(
          Array.from({ length: WRITERS }, (_, writer) =>
            write(served, agent, { prefix: `r${round}-w${writer}`, acknowledged: seen }),
          ),
        );
        await gone;
        agent.destroy();
      }
      const store = new Store({ path: join(directory, "store.sqlite") });
      assert.ok(acknowledged.size >= ROUNDS * ACKNOWLEDGED);
      for (const [name, revision] of acknowledged) {
        const found = store.get({ resource: "configmaps", namespace: "default", name });
        assert.equal(found?.metadata.resourceVersion, revision, `${name} was acknowledged`);
      }
      await store.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
