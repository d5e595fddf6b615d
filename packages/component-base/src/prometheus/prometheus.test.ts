import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readAccessFiles } from "../access-files.ts";
import { startTestExposition, startTestPrometheus } from "../testing/start-prometheus.ts";
import { prometheusAccess } from "./access.ts";
import { createPrometheus } from "./prometheus.ts";

const NOTHING_TO_SCRAPE = "scrape_configs: []\n";

describe("createPrometheus()", () => {
  it("query() and queryRange() ask a real Prometheus", async () => {
    const exposition = await startTestExposition(
      () => 'shelf_books{shelf="a"} 3\nshelf_books{shelf="b"} 4\n',
    );
    const server = await startTestPrometheus({
      config: `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: shelves, static_configs: [{ targets: ["${exposition.address}"] }] }]`,
    });
    try {
      const prometheus = createPrometheus({ url: `${server.url}/` });
      await prometheus.check();
      const deadline = Date.now() + 20_000;
      let found = await prometheus.query("sum by (shelf) (shelf_books)");
      while (found.length < 2 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        found = await prometheus.query("sum by (shelf) (shelf_books)");
      }
      assert.deepEqual(found.map(({ labels, points }) => [labels.shelf, points[0]?.[1]]).sort(), [
        ["a", 3],
        ["b", 4],
      ]);
      const now = Math.floor(Date.now() / 1000);
      const range = { fromSeconds: now - 30, toSeconds: now + 1, stepSeconds: 1 };
      const [sum] = await prometheus.queryRange("sum(shelf_books)", range);
      assert.ok((sum?.points.length ?? 0) >= 1 && sum!.points.every(([, value]) => value === 7));
      assert.deepEqual(await prometheus.query("nothing_of_that_name"), []);
      await assert.rejects(prometheus.query("sum("), { code: "QueryRefused", message: /parse error/ });
      await assert.rejects(prometheus.queryRange("up", { ...range, fromSeconds: 0 }), {
        code: "QueryRefused",
      });
    } finally {
      await server.stop();
      await exposition.stop();
    }
  });

  it("logs in by user name and password, and says when it may not", async () => {
    const salted = "$2b$04$jdosjdosjdosjdosjdosje";
    const hash = execFileSync("perl", [
      "-e",
      "print crypt($ARGV[0], $ARGV[1])",
      "pass:word",
      salted,
    ]).toString();
    const server = await startTestPrometheus({
      config: NOTHING_TO_SCRAPE,
      web: `basic_auth_users:\n  jdos: "${hash}"\n`,
    });
    const directory = await mkdtemp(join(tmpdir(), "jdos-access-"));
    try {
      await writeFile(join(directory, "username"), "jdos\n");
      await writeFile(join(directory, "password"), "pass:word\n");
      await createPrometheus(prometheusAccess(server.url, readAccessFiles(directory))).check();
      for (const files of [{}, { token: "a" }, { username: "jdos", password: "other" }])
        await assert.rejects(createPrometheus(prometheusAccess(server.url, files)).check(), {
          code: "PrometheusUnauthorized",
          message: `Cannot ask Prometheus at "${server.url}": it answered 401: it wants another proof of who asks`,
        });
    } finally {
      await server.stop();
      await rm(directory, { recursive: true });
    }
  });

  it("says when nothing answers, when it is something else, and when it is starting", async () => {
    const answers = [
      { status: 200, body: "<html>", code: "NotPrometheus" },
      { status: 200, body: '{"status":"success","data":{"result":[]}}', code: "NotPrometheus" },
      { status: 404, body: "", code: "NotPrometheus" },
      { status: 302, body: "", code: "NotPrometheus" },
      { status: 503, body: "Service Unavailable", code: "PrometheusStarting" },
    ];
    let next = 0;
    const server = createServer((_request, response) => {
      const { status, body } = answers[next++]!;
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const { code } of answers) await assert.rejects(createPrometheus({ url }).check(), { code });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(createPrometheus({ url }).check(), { code: "PrometheusUnreachable" });
  });
});

describe("prometheusAccess()", () => {
  it("prometheusAccess() refuses a token beside a name, and a name without a password", () => {
    const url = "http://p:9090";
    assert.deepEqual(prometheusAccess(url), { url });
    assert.deepEqual(prometheusAccess(url, { token: "t\n", "ca.crt": "PEM" }), {
      url,
      authorization: "Bearer t",
      caPem: "PEM",
    });
    for (const files of [{ token: "t", username: "u", password: "p" }, { username: "u" }, { password: "p" }])
      assert.throws(() => prometheusAccess(url, files), { code: "InvalidOption" });
  });
});
