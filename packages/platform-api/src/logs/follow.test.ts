import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type LogLine, Namespaces, type Pod, Pods } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { override } from "../testing/override.ts";
import { followLogs } from "./follow.ts";

describe("followLogs()", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.adminClient().create(Namespaces, { metadata: { name: "demo" } });
  });
  after(() => server.stop());

  it("followLogs() reads each Pod that starts, also later ones, and a container again after its restart", async () => {
    const real = server.adminClient();
    const opened: string[] = [];
    async function* oneLine(text: string): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${text}\n`);
    }
    const client = override(real, {
      raw: async ({ path }) => {
        const pod = path.split("/").at(-2)!;
        opened.push(pod);
        return { status: 200, headers: {}, body: oneLine(`line ${opened.length} of ${pod}`) };
      },
    });
    const stop = new AbortController();
    const lines = followLogs({ client, system: "demo", app: "hello", signal: stop.signal });
    const next = async (): Promise<LogLine> => (await lines.next()).value as LogLine;

    await createPod(real, "first");
    await setRunning(real, "first", 0);
    assert.deepEqual(await next(), { pod: "first", line: "line 1 of first" });
    await createPod(real, "second");
    await setRunning(real, "second", 0);
    assert.deepEqual(await next(), { pod: "second", line: "line 2 of second" });
    await setRunning(real, "first", 1);
    assert.deepEqual(await next(), { pod: "first", line: "line 3 of first" });
    stop.abort();
    assert.equal((await lines.next()).done, true);
    assert.deepEqual(opened, ["first", "second", "first"]);
  });
});

async function createPod(client: Client, name: string): Promise<void> {
  const pod: Pod = {
    metadata: { name, namespace: "demo", labels: { "jdos.io/application": "hello" } },
    spec: { containers: [{ name: "app", image: "x" }] },
  };
  await client.create(Pods, pod);
}

async function setRunning(client: Client, name: string, restartCount: number): Promise<void> {
  const status = {
    phase: "Running",
    containerStatuses: [
      {
        name: "app",
        image: "x",
        imageID: "",
        ready: true,
        restartCount,
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
      },
    ],
  };
  await client.patch(
    Pods,
    { namespace: "demo", name },
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
}
