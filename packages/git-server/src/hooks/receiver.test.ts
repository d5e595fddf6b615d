import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { promisify } from "node:util";
import { Applications, Webhooks } from "@jdos/api";
import { webhookSecret } from "@jdos/api/webhook-secret";
import { FakeClock } from "@jdos/component-base/testing";
import {
  COMMIT,
  commit,
  giteaPush,
  githubPing,
  githubPush,
  gitlabPush,
  ZERO,
} from "../testing/hooks/payloads.ts";
import { MASTER_KEY, signed, startTestHooks, type TestHooks } from "../testing/hooks/start-test-hooks.ts";

const MEBIBYTE = 1024 * 1024;

describe("createReceiver()", () => {
  let platform: TestHooks;
  beforeEach(async () => {
    platform = await startTestHooks();
    await platform.createShop();
  });
  afterEach(() => platform.stop());

  const text = (payload: object): string => JSON.stringify(payload);

  it("builds what a push of each forge names, as the forge documents its headers and body", async () => {
    const cases = [
      ["github", signed.github, githubPush({ after: commit(1) }), "octocat"],
      [
        "gitlab",
        (secret: string, body: string) => signed.gitlab(secret, body),
        gitlabPush({ after: commit(2) }),
        "jsmith",
      ],
      ["gitea", signed.gitea, giteaPush({ after: commit(3) }), "gitea"],
      ["gitea", signed.forgejo, giteaPush({ after: commit(4) }), "gitea"],
      ["generic", signed.standard, { ref: "main", revision: commit(5), sender: "cron" }, "cron"],
    ] as const;
    for (const [index, [forge, sign, payload, sender]] of cases.entries()) {
      const name = `hook-${index}`;
      const { secret } = await platform.createHook(forge, name);
      const body = text(payload);
      const answer = await platform.post(name, body, sign(secret, body));
      assert.equal(answer.status, 202, JSON.stringify(answer.body));
      const builds = await platform.builds();
      const build = builds.at(-1)!;
      assert.equal(builds.length, index + 1);
      assert.deepEqual(build.spec.source.git, {
        url: "https://git.example.org/octocat/shop.git",
        revision: commit(index + 1),
      });
      assert.equal(build.spec.requestedBy, `webhook ${name} (${sender})`);
      assert.equal(build.spec.trigger?.kind, "Webhook");
      assert.equal(build.spec.trigger?.ref, "main");
      assert.equal(build.metadata.name, `shop-b${index + 1}`);
      await platform.endBuild(build.metadata.name, "Succeeded");
      const webhook = await platform.until(
        name,
        ({ status }) => status?.deliveries?.[0]?.outcome === "Built",
      );
      assert.equal(webhook.status?.deliveries?.[0]?.build, build.metadata.name);
    }
  });

  it("answers a ping, a deleted branch, another branch, another event and another repository without a build", async () => {
    const { secret } = await platform.createHook("github");
    const cases = [
      ["ping", githubPing(), "Answered"],
      ["push", githubPush({ after: ZERO }), "Ignored"],
      ["push", githubPush({ ref: "refs/heads/feature" }), "Ignored"],
      ["push", githubPush({ ref: "refs/tags/v1" }), "Ignored"],
      ["issues", { action: "opened" }, "Ignored"],
      [
        "push",
        { ...githubPush(), repository: { clone_url: "https://git.example.org/octocat/other.git" } },
        "Refused",
      ],
    ] as const;
    for (const [event, payload, outcome] of cases) {
      const body = text(payload);
      const answer = await platform.post("shop", body, signed.github(secret, body, { event }));
      assert.deepEqual([answer.status, answer.body.outcome], [200, outcome], JSON.stringify(answer.body));
    }
    assert.equal((await platform.builds()).length, 0);
    const { status } = await platform.until(
      "shop",
      (webhook) => webhook.status?.deliveries?.length === cases.length,
    );
    assert.deepEqual(
      status?.deliveries?.map(({ outcome }) => outcome).reverse(),
      cases.map(([, , outcome]) => outcome),
    );
  });

  it("reads GitHub's forms, whose signature is over the form", async () => {
    const { secret } = await platform.createHook("github");
    const body = `payload=${encodeURIComponent(text(githubPush()))}`;
    const headers = { ...signed.github(secret, body), "content-type": "application/x-www-form-urlencoded" };
    assert.equal((await platform.post("shop", body, headers)).status, 202);
    const xml = { ...signed.github(secret, "<a/>"), "content-type": "text/xml" };
    assert.equal((await platform.post("shop", "<a/>", xml)).status, 415);
    assert.equal((await platform.post("shop", "{", signed.github(secret, "{"))).status, 400);
    assert.equal((await platform.post("shop", "{}", signed.github(secret, "{}"))).status, 422);
  });

  it("takes branches and tags by the patterns of the application", async () => {
    await platform.client.patch(
      Applications,
      { namespace: "demo", name: "shop" },
      { type: "merge", body: { spec: { triggers: { branches: ["release/*"], tags: ["v*"] } } } },
    );
    const { secret } = await platform.createHook("github");
    const outcomes = [];
    for (const [index, ref] of [
      "heads/main",
      "heads/release/2",
      "heads/release/2/x",
      "tags/v1.2",
      "tags/x",
    ].entries()) {
      await platform.hooks.idle();
      const body = text(githubPush({ ref: `refs/${ref}`, after: commit(index) }));
      outcomes.push((await platform.post("shop", body, signed.github(secret, body))).body.outcome);
    }
    assert.deepEqual(outcomes, ["Ignored", "Queued", "Ignored", "Queued", "Ignored"]);
  });

  it("refuses wrong, missing and foreign signatures, and hooks that there are not, with one answer", async () => {
    const { secret } = await platform.createHook("github");
    const body = text(githubPush());
    const wrong = [
      await platform.post("shop", body, signed.github("wrong", body)),
      await platform.post("shop", `${body} `, signed.github(secret, body)),
      await platform.post("shop", body, { "content-type": "application/json" }),
      await platform.post("shop", body, signed.gitlab(secret, body)),
      await platform.post("shop", body, { ...signed.github(secret, body), "x-hub-signature-256": "" }),
      await platform.post("none", body, signed.github(secret, body)),
      await platform.post("none", body, signed.gitlab(secret, body)),
    ];
    for (const answer of wrong) assert.deepEqual(answer, wrong[0]);
    assert.equal(wrong[0]?.status, 401);
    assert.equal((await platform.builds()).length, 0);
    const { deliveries, unsigned } =
      (await platform.client.get(Webhooks, { namespace: "demo", name: "shop" })).status ?? {};
    assert.deepEqual([deliveries, unsigned], [[], undefined], "nothing of them is listed");
  });

  it("takes the secret of the newest version alone", async () => {
    const { secret, webhook } = await platform.createHook("github");
    await platform.client.patch(
      Webhooks,
      { namespace: "demo", name: "shop" },
      { type: "merge", body: { spec: { secretVersion: 2 } } },
    );
    await platform.until(
      "shop",
      ({ status, metadata }) =>
        status?.observedGeneration === metadata.generation && metadata.generation === 2,
    );
    const body = text(githubPush());
    assert.equal((await platform.post("shop", body, signed.github(secret, body))).status, 401);
    const next = webhookSecret(MASTER_KEY, { uid: webhook.metadata.uid, secretVersion: 2 });
    assert.equal((await platform.post("shop", body, signed.github(next, body))).status, 202);
  });

  it("answers a replay without a build, also under another id", async () => {
    const { secret } = await platform.createHook("github");
    const body = text(githubPush());
    const headers = signed.github(secret, body);
    assert.equal((await platform.post("shop", body, headers)).status, 202);
    await platform.builds();
    for (const again of [headers, signed.github(secret, body)]) {
      const answer = await platform.post("shop", body, again);
      assert.deepEqual([answer.status, answer.body.message], [200, "It was already received"]);
    }
    assert.equal((await platform.builds()).length, 1);
  });

  it("takes what the example of docs/webhooks.md sends", async () => {
    const { secret } = await platform.createHook("generic");
    const page = readFileSync(join(import.meta.dirname, "../../../../docs/webhooks.md"), "utf8");
    const [, script = ""] = /```sh\n([\s\S]*?)```/.exec(page) ?? [];
    const env = { PATH: process.env.PATH, SECRET: secret, URL: `${platform.url}/hooks/demo/shop` };
    const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], { env });
    assert.equal(JSON.parse(stdout).outcome, "Queued", stdout);
    assert.equal((await platform.builds())[0]?.spec.requestedBy, "webhook shop (nightly)");
  });

  it("refuses what was signed long ago, where the signature says when", async () => {
    for (const forge of ["generic", "gitlab"] as const) {
      const { secret } = await platform.createHook(forge, forge);
      const body = text(forge === "gitlab" ? gitlabPush() : { ref: "main", revision: COMMIT });
      const extra: Record<string, string> = forge === "gitlab" ? { "x-gitlab-event": "Push Hook" } : {};
      const old = { ...signed.standard(secret, body, { at: Date.now() - 600_000 }), ...extra };
      assert.equal((await platform.post(forge, body, old)).status, 401);
      assert.equal(
        (await platform.post(forge, body, { ...signed.standard(secret, body), ...extra })).status,
        202,
      );
    }
  });

  it("refuses a body of 30 MiB without reading it, one that hides its length too, and takes one of 25 MiB", async () => {
    const { secret } = await platform.createHook("github");
    const large = Buffer.alloc(30 * MEBIBYTE, " ");
    const before = process.memoryUsage().arrayBuffers;
    const answer = await sendSlowly(`${platform.url}/hooks/demo/shop`, large, {
      ...signed.github(secret, large),
      "content-length": String(large.length),
    });
    assert.equal(answer.status, 413);
    assert.ok(answer.sentBytes < 16 * MEBIBYTE, `${answer.sentBytes} bytes were sent`);
    const hidden = await sendSlowly(`${platform.url}/hooks/demo/shop`, large, signed.github(secret, large));
    assert.equal(hidden.status, 413);
    assert.ok(process.memoryUsage().arrayBuffers - before < 120 * MEBIBYTE);
    const most = Buffer.from(text(githubPush()).padEnd(25 * MEBIBYTE, " "));
    assert.equal((await platform.post("shop", most, signed.github(secret, most))).status, 202);
  });

  it("answers other methods and paths as they are", async () => {
    assert.equal((await fetch(`${platform.url}/hooks/demo/shop`)).status, 405);
    assert.equal((await fetch(`${platform.url}/hooks/demo`, { method: "POST" })).status, 404);
    assert.equal((await fetch(`${platform.url}/hooks/demo/a/b`, { method: "POST" })).status, 404);
  });
});

describe("createReceiver() and an address that is refused often", () => {
  it("shuts nobody out for another's mistakes, but takes no more large bodies for a while", async () => {
    const clock = new FakeClock();
    const platform = await startTestHooks({ clock });
    try {
      await platform.createShop();
      const { secret } = await platform.createHook("github");
      const body = JSON.stringify(githubPush());
      const large = Buffer.from(JSON.stringify(githubPush({ nonce: 1 })).padEnd(2 * MEBIBYTE, " "));
      for (let count = 0; count < 60; count++)
        await platform.post("shop", body, signed.github("wrong", body));
      assert.equal((await platform.post("shop", large, signed.github(secret, large))).status, 429);
      assert.equal((await platform.post("shop", body, signed.github(secret, body))).status, 202);
      clock.advance(1000);
      assert.equal((await platform.post("shop", large, signed.github(secret, large))).status, 202);
    } finally {
      await platform.stop();
    }
  });
});

/** Sends in pieces as the other side takes them, until there is an answer. */
function sendSlowly(
  url: string,
  body: Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; sentBytes: number }> {
  return new Promise((resolve, reject) => {
    let sentBytes = 0;
    let answered = false;
    const call = httpRequest(url, { method: "POST", headers }, (response) => {
      answered = true;
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, sentBytes }));
    });
    call.on("error", (error) => {
      if (!answered) reject(error);
    });
    const next = (): void => {
      if (answered || sentBytes >= body.length) return void call.end();
      const piece = body.subarray(sentBytes, sentBytes + 256 * 1024);
      sentBytes += piece.length;
      call.write(piece, () => setImmediate(next));
    };
    next();
  });
}
