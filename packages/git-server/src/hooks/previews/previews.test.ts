import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Applications, PREVIEW_CHANGED_ANNOTATION, PREVIEW_OF_LABEL, PULL_REQUEST_LABEL } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { eventually } from "@jdos/component-base/testing";
import { commit, giteaPush, githubPull, githubPush, gitlabMerge } from "../../testing/hooks/payloads.ts";
import { signed, startTestHooks, type TestHooks } from "../../testing/hooks/start-test-hooks.ts";

const key = (name: string) => ({ namespace: "demo", name });

describe("previews", () => {
  let platform: TestHooks;
  beforeEach(async () => {
    platform = await startTestHooks();
  });
  afterEach(() => platform.stop());

  const shop = (previews: object | null = {}) =>
    platform.createShop({
      replicas: 5,
      routes: [{ host: "shop.example.org" }],
      run: { env: [{ name: "A", value: "1" }] },
      build: { dockerfile: "web/Dockerfile" },
      ...(previews === null ? {} : { triggers: { previews } }),
    });
  const isGone = async (name: string): Promise<boolean> => {
    await platform.hooks.idle();
    return platform.client.get(Applications, key(name)).then(
      () => false,
      (error) => isStatus(error, "NotFound"),
    );
  };

  it("a pull request of each forge runs as an application of its own, follows its commits, and goes when it is closed", async () => {
    await shop();
    const cases = [
      [
        "github",
        signed.github,
        "pull_request",
        (action: string, sha: string) => githubPull(action, { number: 1, sha }),
        ["opened", "synchronize", "closed"],
      ],
      [
        "gitea",
        signed.forgejo,
        "pull_request",
        (action: string, sha: string) => githubPull(action, { number: 2, sha }),
        ["opened", "synchronized", "closed"],
      ],
      [
        "gitlab",
        signed.gitlab,
        "Merge Request Hook",
        (action: string, sha: string) =>
          gitlabMerge(action, { iid: 3, sha, ...(action === "update" ? { oldrev: commit(0) } : {}) }),
        ["open", "update", "merge"],
      ],
    ] as const;
    for (const [index, [forge, sign, event, payloadOf, actions]] of cases.entries()) {
      const { secret } = await platform.createHook(forge, forge);
      const name = `shop-pr-${index + 1}`;
      const send = async (action: string, sha: string) => {
        const body = JSON.stringify(payloadOf(action, sha));
        const answer = await platform.post(forge, body, sign(secret, body, { event }));
        assert.equal(answer.status, 202, JSON.stringify(answer.body));
        await platform.hooks.idle();
      };
      await send(actions[0], commit(1));
      const preview = await platform.client.get(Applications, key(name));
      assert.deepEqual(preview.spec.source?.git?.revision, commit(1));
      assert.deepEqual(
        [
          preview.spec.replicas,
          preview.spec.routes,
          preview.spec.triggers,
          preview.spec.run?.env,
          preview.spec.build?.dockerfile,
        ],
        [1, undefined, undefined, [{ name: "A", value: "1" }], "web/Dockerfile"],
      );
      assert.equal(preview.metadata.labels?.[PREVIEW_OF_LABEL], "shop");
      assert.equal(preview.metadata.labels?.[PULL_REQUEST_LABEL], String(index + 1));
      const first = (await platform.builds()).find(({ metadata }) => metadata.name === `${name}-b1`);
      assert.deepEqual([first?.spec.trigger?.pullRequest, first?.spec.trigger?.ref], [index + 1, "feature"]);
      await platform.endBuild(`${name}-b1`, "Succeeded");
      await send(actions[1], commit(2));
      assert.equal(
        (await platform.client.get(Applications, key(name))).spec.source?.git?.revision,
        commit(2),
      );
      const second = (await platform.builds()).find(({ metadata }) => metadata.name === `${name}-b2`);
      assert.equal(second?.spec.source.git?.revision, commit(2));
      await send(actions[2], commit(2));
      assert.ok(await isGone(name));
    }
  });

  it("pull requests of forks, and too many at once, are refused in words", async () => {
    await shop({ limit: 2 });
    const { secret } = await platform.createHook("github");
    const open = async (number: number, from: "here" | "fork" = "here") => {
      const body = JSON.stringify(githubPull("opened", { number, sha: commit(number), from }));
      const { body: answer } = await platform.post(
        "shop",
        body,
        signed.github(secret, body, { event: "pull_request", id: `n${number}` }),
      );
      await platform.hooks.idle();
      return answer;
    };
    const refused = await open(9, "fork");
    assert.equal(refused.outcome, "Refused");
    assert.match(refused.message ?? "", /out of another repository/);
    for (const number of [1, 2, 3]) await open(number);
    assert.ok(await isGone("shop-pr-3"));
    const { status } = await platform.until(
      "shop",
      (hook) => hook.status?.deliveries?.[0]?.id === "n3" && hook.status.deliveries[0].outcome === "Refused",
    );
    assert.match(status?.deliveries?.[0]?.message ?? "", /There are 2 previews of "shop", and it may have 2/);
  });

  it("without triggers.previews a pull request is ignored; forks: true lets those of forks in", async () => {
    await shop(null);
    const { secret } = await platform.createHook("github");
    const send = async (number: number) => {
      const body = JSON.stringify(githubPull("opened", { number, from: "fork" }));
      return (await platform.post("shop", body, signed.github(secret, body, { event: "pull_request" }))).body
        .outcome;
    };
    assert.equal(await send(1), "Ignored");
    await platform.client.patch(Applications, key("shop"), {
      type: "merge",
      body: { spec: { triggers: { previews: { forks: true } } } },
    });
    await platform.hooks.idle();
    assert.equal(await send(2), "Queued");
    await platform.hooks.idle();
    const preview = await platform.client.get(Applications, key("shop-pr-2"));
    assert.equal(
      preview.spec.source?.git?.url,
      "https://git.example.org/octocat/shop.git",
      "never the fork's address",
    );
  });

  it("an application of a preview's name that is none is left alone", async () => {
    await shop();
    await platform.client.create(Applications, { metadata: key("shop-pr-1"), spec: { replicas: 3 } });
    const { secret } = await platform.createHook("github");
    for (const action of ["opened", "closed"]) {
      const body = JSON.stringify(githubPull(action, { number: 1 }));
      await platform.post("shop", body, signed.github(secret, body, { event: "pull_request" }));
      await platform.hooks.idle();
    }
    assert.deepEqual((await platform.client.get(Applications, key("shop-pr-1"))).spec.replicas, 3);
    assert.equal((await platform.builds()).length, 0);
  });

  it("a pull request that is opened again while its preview goes away gets another, and keeps nothing else waiting", async () => {
    await shop();
    const { secret } = await platform.createHook("github");
    const send = async (action: string, sha: string) => {
      const body = JSON.stringify(githubPull(action, { number: 1, sha }));
      await platform.post("shop", body, signed.github(secret, body, { event: "pull_request" }));
      await platform.hooks.idle();
    };
    await send("opened", commit(1));
    const first = await platform.client.get(Applications, key("shop-pr-1"));
    const finalizers = (names: string[]) =>
      platform.client.patch(Applications, key("shop-pr-1"), {
        type: "merge",
        body: { metadata: { finalizers: names } },
      });
    await finalizers(["example.org/slow"]);
    await send("closed", commit(1));
    await send("reopened", commit(2));
    const push = JSON.stringify(githubPush({ after: commit(3) }));
    await platform.post("shop", push, signed.github(secret, push));
    assert.ok((await platform.builds()).some(({ spec }) => spec.application === "shop"));
    await finalizers([]);
    await eventually(async () => {
      const now = await platform.client.get(Applications, key("shop-pr-1"));
      assert.notEqual(now.metadata.uid, first.metadata.uid);
    });
  });

  it("a preview whose time is over goes, and nothing else", async () => {
    await shop({ expireAfterHours: 2 });
    const changed = (hours: number) => new Date(Date.now() - hours * 3600_000).toISOString();
    for (const [name, hours, of] of [
      ["shop-pr-1", 1, "shop"],
      ["shop-pr-2", 3, "shop"],
      ["other", 999, undefined],
    ] as const)
      await platform.client.create(Applications, {
        metadata: {
          ...key(name),
          ...(of === undefined ? {} : { labels: { [PREVIEW_OF_LABEL]: of } }),
          annotations: { [PREVIEW_CHANGED_ANNOTATION]: changed(hours) },
        },
        spec: {},
      });
    await eventually(async () => assert.ok(await isGone("shop-pr-2")));
    assert.equal(await isGone("shop-pr-1"), false);
    await platform.client.patch(Applications, key("shop"), {
      type: "merge",
      body: { spec: { triggers: { previews: { expireAfterHours: 1 } } } },
    });
    await eventually(async () => assert.ok(await isGone("shop-pr-1"), "the setting of now counts"));
    assert.equal(await isGone("other"), false);
    assert.equal(await isGone("shop"), false);
  });

  it("a branch is none of a pull request's business: a push builds the application alone", async () => {
    await shop();
    const { secret } = await platform.createHook("gitea");
    const body = JSON.stringify(giteaPush());
    await platform.post("shop", body, signed.gitea(secret, body));
    assert.deepEqual(
      (await platform.builds()).map(({ metadata }) => metadata.name),
      ["shop-b1"],
    );
  });
});
