import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { type ApiError, Applications, type LogPage, Namespaces, Systems } from "@jdos/api";
import { ADMIN_TOKEN, startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const STRANGER = { name: "stranger", groups: ["system:authenticated"], token: "token-of-a-stranger" };

describe("logs of the past", () => {
  let platform: TestPlatform;
  let store: Server;
  /** What the log server was asked; it answers as @jdos/api's wire/logs.ts says. */
  const asked: URLSearchParams[] = [];
  let answer: LogPage = { lines: [] };
  before(async () => {
    store = createServer((request, response) => {
      assert.equal(request.headers.authorization, "Bearer reads");
      asked.push(new URL(request.url ?? "/", "http://log").searchParams);
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
    platform = await startTestPlatform({ logs: { url, key: "reads" }, users: [STRANGER] });
    for (const name of ["demo", "other"]) {
      await platform.client.create(Namespaces, { metadata: { name } });
      await platform.client.create(Systems, { metadata: { name }, spec: {} });
      await platform.client.create(Applications, { metadata: { name: "hello", namespace: name }, spec: {} });
    }
  });
  after(async () => {
    await platform?.stop();
    store?.close();
  });

  it("asks for this application alone, whatever the question, and gives the lines oldest first", async () => {
    const line = { pod: "hello-gone", container: "hello", release: 1, stream: "stdout" as const };
    answer = {
      lines: [
        { ...line, time: "2026-01-01T00:00:02.000000000Z", line: "second" },
        { ...line, time: "2026-01-01T00:00:01.000000000Z", line: "first" },
      ],
    };
    const query = `grep=${encodeURIComponent("x&system=other")}&pod=hello-gone&release=1&tail=2`;
    const { status, text } = await get(platform, `/api/v1/systems/demo/apps/hello/logs?${query}`);
    assert.equal(status, 200, text);
    const lines = text
      .trim()
      .split("\n")
      .map((each) => JSON.parse(each) as { pod: string; line: string });
    assert.deepEqual(
      lines.map((each) => each.line),
      ["first", "second"],
    );
    const last = asked.at(-1)!;
    assert.deepEqual(last.getAll("system"), ["demo"]);
    assert.equal(last.get("contains"), "x&system=other");
    assert.equal(last.get("order"), "newest");
    assert.equal(last.get("limit"), "2");
  });

  it("a person who may not read the system's logs is refused before the store is asked", async () => {
    const before = asked.length;
    const path = "/api/v1/systems/other/apps/hello/logs?grep=a";
    const { status } = await get(platform, path, STRANGER.token);
    assert.ok(status === 403 || status === 404, String(status));
    assert.equal(asked.length, before);
  });

  it("refuses to search while following", async () => {
    const { status } = await get(platform, "/api/v1/systems/demo/apps/hello/logs?grep=a&follow=true");
    assert.equal(status, 400);
  });

  it("says that there is no log store, or that it is away", async () => {
    const plain = await startTestPlatform();
    const away = await startTestPlatform({ logs: { url: "http://127.0.0.1:1", key: "reads" } });
    try {
      for (const [each, status, code] of [
        [plain, 409, "NoLogStore"],
        [away, 503, "Unavailable"],
      ] as const) {
        await each.client.create(Namespaces, { metadata: { name: "demo" } });
        await each.client.create(Systems, { metadata: { name: "demo" }, spec: {} });
        await each.client.create(Applications, { metadata: { name: "hello", namespace: "demo" }, spec: {} });
        const answered = await get(each, "/api/v1/systems/demo/apps/hello/logs?grep=a");
        assert.equal(answered.status, status, answered.text);
        const refused = JSON.parse(answered.text) as ApiError;
        assert.equal(refused.code, code);
        if (code === "NoLogStore") assert.match(refused.hint ?? "", /logs\.provider .* --log-limit/);
      }
    } finally {
      await plain.stop();
      await away.stop();
    }
  });
});

async function get(
  { url }: TestPlatform,
  path: string,
  token = ADMIN_TOKEN,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, text: await response.text() };
}
