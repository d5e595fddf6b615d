import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type FakePlatform, runCli, startFakePlatform } from "../testing/index.ts";

const APP = "/api/v1/systems/demo/apps/hello";
const SCOPE = ["--system", "demo", "--app", "hello"];
const IMAGE = `registry.jdos.internal/demo/hello@sha256:${"a".repeat(64)}`;

describe("commands of releases, secrets, freezes and notices", () => {
  let platform: FakePlatform;
  before(async () => {
    const changes = [
      { path: "image", from: IMAGE },
      { path: "env.A", from: "1", to: "2" },
    ];
    const accepted = { system: "prod", application: "shop", generation: 1, changed: true };
    platform = await startFakePlatform({
      [`GET ${APP}/releases`]: { items: [] },
      [`GET ${APP}/releases/diff`]: { system: "demo", application: "hello", from: 1, to: 2, changes },
      "POST /api/v1/systems/prod/apps/shop/promote": accepted,
      [`POST ${APP}/rollback`]: accepted,
      [`PATCH ${APP}/env`]: { ...accepted, changed: false },
      "PUT /api/v1/systems/demo/secrets/db": { name: "db", keys: ["a", "b"], usedBy: [], createdAt: "" },
      "POST /api/v1/systems/demo/freezes": { name: "nights", days: ["Fri"], hours: "22:00-06:00" },
      "POST /api/v1/systems/demo/notices": { name: "chat", urlSecret: { name: "slack", key: "url" } },
    });
  });
  after(() => platform.stop());

  const last = () => {
    const { path, body } = platform.seen.at(-1)!;
    return { path, body: body === "" ? undefined : JSON.parse(body) };
  };

  it("releases diff shows a table, compares one release with the one before, and leaves releases as it is", async () => {
    const { stdout, exitCode } = await runCli(["releases", "diff", "v1", "2", ...SCOPE], platform.url);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^WHAT +FROM +TO\nimage +\S+@a{12} +-\nenv\.A +1 +2/);
    assert.equal(last().path, `${APP}/releases/diff?from=1&to=2`);
    await runCli(["releases", "diff", "2", ...SCOPE], platform.url);
    assert.equal(last().path, `${APP}/releases/diff?to=2`);
    assert.match((await runCli(["releases", ...SCOPE], platform.url)).stdout, /There is no release yet/);
    assert.equal((await runCli(["releases", "diff", "x", ...SCOPE], platform.url)).exitCode, 2);
  });

  it("promote names source and target; rollback, env and promote force a freeze only when asked", async () => {
    const to = ["--to", "shop", "--to-system", "prod", "--release", "v3", "--no-wait"];
    const { exitCode, stderr } = await runCli(["promote", ...SCOPE, ...to], platform.url);
    assert.equal(exitCode, 0, stderr);
    const { requestId, ...body } = last().body;
    assert.match(requestId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(body, { from: { system: "demo", app: "hello", release: 3 } });
    assert.match((await runCli(["promote", ...SCOPE], platform.url)).stderr, /--to is missing/);
    await runCli(["rollback", "1", "--force", "--no-wait", ...SCOPE], platform.url);
    assert.deepEqual(last().body, { release: 1, force: true });
    await runCli(["env", "set", "P", "--secret", "db/password", ...SCOPE], platform.url);
    assert.deepEqual(last().body, { secrets: { P: { name: "db", key: "password" } } });
    assert.equal((await runCli(["env", "set", "P", "--secret", "db", ...SCOPE], platform.url)).exitCode, 2);
  });

  it("secrets set sends values as base64 and repeats none in what it says", async () => {
    const directory = await mkdtemp(join(tmpdir(), "jdos-cli-"));
    await writeFile(join(directory, "b"), Buffer.from([0, 255]));
    const from = ["--from-file", `b=${join(directory, "b")}`];
    const ran = await runCli(
      ["secrets", "set", "db", "a=swordfish=x", ...from, "--system", "demo"],
      platform.url,
    );
    await rm(directory, { recursive: true });
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.deepEqual(last().body.set, { a: Buffer.from("swordfish=x").toString("base64"), b: "AP8=" });
    assert.doesNotMatch(ran.stdout, /swordfish/);
    const wrong = await runCli(["secrets", "set", "db", "swordfish", "--system", "demo"], platform.url);
    assert.deepEqual([wrong.exitCode, wrong.stderr.includes("swordfish")], [2, false]);
  });

  it("system freeze and notices are groups of their own below system", async () => {
    const hours = ["--days", "Fri", "--hours", "22:00-06:00", "--system", "demo"];
    const { stdout } = await runCli(["system", "freeze", "add", "nights", ...hours], platform.url);
    assert.match(stdout, /nights +Fri 22:00-06:00 UTC/);
    assert.deepEqual(last().body, { name: "nights", days: ["Fri"], hours: "22:00-06:00" });
    const chat = ["chat", "--url-secret", "slack/url", "--events", "build.failed", "--system", "demo"];
    await runCli(["system", "notices", "add", ...chat], platform.url);
    assert.deepEqual(last().body, {
      name: "chat",
      urlSecret: { name: "slack", key: "url" },
      events: ["build.failed"],
    });
  });
});
