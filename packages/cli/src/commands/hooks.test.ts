import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runCli, startFakePlatform } from "../testing/fake-platform.ts";

const SCOPE = ["--system", "demo", "--app", "shop"];
const APP = "/api/v1/systems/demo/apps/shop";
const URL_OF_HOOK = "http://git.jdos.localhost:8080/hooks/demo/shop";
const DELIVERY = {
  id: "72d3162e",
  time: new Date().toISOString(),
  event: "pull_request",
  pullRequest: 7,
  ref: "feature",
  revision: "6dcb09b5b57875f334f61aebed695e2e4193db5e",
  sender: "octo\u001b[31mcat",
  outcome: "Built",
  message: "Build shop-pr-7-b1 succeeded",
  build: "shop-pr-7-b1",
};
const HOOK = {
  name: "shop",
  application: "shop",
  forge: "github",
  url: URL_OF_HOOK,
  state: "Ready",
  secretVersion: 1,
  deliveries: [DELIVERY],
  createdAt: new Date().toISOString(),
};
const SECRET = {
  ...HOOK,
  secret: "s3cret",
  signingToken: "whsec_czNjcmV0",
  contentType: "application/json",
  events: ["Pushes", "Pull requests"],
};

describe("hooks", () => {
  it("create sends what deploys, and prints what is to be entered in each forge", async () => {
    for (const [forge, expected] of [
      [
        "github",
        /Payload URL .*hooks\/demo\/shop[\s\S]*application\/json[\s\S]*s3cret[\s\S]*Pushes, Pull requests/,
      ],
      ["gitlab", /Secret token {2}s3cret[\s\S]*whsec_/],
      ["gitea", /Target URL[\s\S]*s3cret/],
      ["generic", /whsec_[\s\S]*docs\/webhooks\.md/],
    ] as const) {
      const platform = await startFakePlatform({ [`POST ${APP}/hooks`]: { ...SECRET, forge } });
      try {
        const args = ["hooks", "create", "--forge", forge, "--branches", "main, release/*", "--previews"];
        const { stdout, stderr } = await runCli([...args, ...SCOPE], platform.url);
        assert.match(stdout, expected, stderr);
        assert.match(stdout, /not shown again/);
        assert.deepEqual(JSON.parse(platform.seen[0]?.body ?? ""), {
          forge,
          triggers: { branches: ["main", "release/*"], previews: {} },
        });
        const json = await runCli([...args, ...SCOPE, "-o", "json"], platform.url);
        assert.equal(JSON.parse(json.stdout).secret, "s3cret");
      } finally {
        await platform.stop();
      }
    }
    assert.equal(
      (await runCli(["hooks", "create", "--forge", "svn", ...SCOPE], "http://127.0.0.1:1")).exitCode,
      2,
    );
    assert.equal((await runCli(["hooks", "create", ...SCOPE], "http://127.0.0.1:1")).exitCode, 2);
  });

  it("list, deliveries, redeliver, rotate and delete mean the application's own webhook where none is named", async () => {
    const platform = await startFakePlatform({
      [`GET ${APP}/hooks`]: { items: [HOOK] },
      [`GET ${APP}/hooks/shop`]: HOOK,
      [`POST ${APP}/hooks/shop/redeliver`]: HOOK,
      [`POST ${APP}/hooks/ci/redeliver`]: { ...HOOK, name: "ci" },
      [`POST ${APP}/hooks/shop/rotate`]: SECRET,
      [`DELETE ${APP}/hooks/shop`]: HOOK,
    });
    const run = async (...args: string[]) => (await runCli([...args, ...SCOPE], platform.url)).stdout;
    try {
      assert.match(await run("hooks", "list"), /shop +github +Ready +Built/);
      const deliveries = await run("hooks", "deliveries");
      assert.match(deliveries, /72d3162e .*pull_request 7 +feature +6dcb09b5b578 .*Built +shop-pr-7-b1/);
      assert.ok(!deliveries.includes("\u001b"), "control characters of strangers are taken out");
      assert.match(await run("hooks", "redeliver", "72d3162e"), /handled again/);
      assert.match(await run("hooks", "redeliver", "72d3162e", "--hook", "ci"), /deliveries ci/);
      assert.deepEqual(platform.seen.at(-1)?.body, '{"delivery":"72d3162e"}');
      assert.match(await run("hooks", "rotate"), /s3cret/);
      assert.match(await run("hooks", "delete"), /delete it in the forge too/);
    } finally {
      await platform.stop();
    }
  });
});

describe("preview", () => {
  it("list shows what runs and until when; delete takes the number in any of its spellings", async () => {
    const preview = {
      name: "shop-pr-7",
      pullRequest: 7,
      state: "Ready",
      url: "http://shop-pr-7.demo.jdos.localhost:8080",
      changedAt: new Date().toISOString(),
      expiresAt: "2026-12-05T20:00:00.000Z",
    };
    const platform = await startFakePlatform({
      [`GET ${APP}/previews`]: { items: [preview] },
      [`DELETE ${APP}/previews/7`]: preview,
    });
    try {
      const { stdout } = await runCli(["preview", "list", ...SCOPE], platform.url);
      assert.match(stdout, /7 +shop-pr-7 +Ready .*2026-12-05T20:00 +http/);
      for (const spelling of ["7", "#7", "shop-pr-7"])
        assert.equal(
          (await runCli(["preview", "delete", spelling, ...SCOPE], platform.url)).exitCode,
          0,
          spelling,
        );
      assert.equal((await runCli(["preview", "delete", "x", ...SCOPE], platform.url)).exitCode, 2);
    } finally {
      await platform.stop();
    }
  });
});
