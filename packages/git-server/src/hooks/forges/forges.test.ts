import assert from "node:assert/strict";
import { test } from "node:test";
import {
  COMMIT,
  commit,
  giteaPush,
  githubPull,
  githubPush,
  gitlabMerge,
  gitlabPush,
  ZERO,
} from "../../testing/hooks/payloads.ts";
import { signed } from "../../testing/hooks/start-test-hooks.ts";
import type { HookEvent } from "./forge.ts";
import { forgeOf, signerOf } from "./forges.ts";

const REPOSITORY = "https://git.example.org/octocat/shop.git";

function read(forge: "github" | "gitlab" | "gitea" | "generic", event: string, payload: object): HookEvent {
  const header = { github: "x-github-event", gitlab: "x-gitlab-event", gitea: "x-gitea-event", generic: "x" }[
    forge
  ];
  return forgeOf(forge).read({ [header]: event }, payload);
}

test("read() of a push: branch, tag, what is gone, and who did it", () => {
  const cases = [
    read("github", "push", githubPush()),
    read("gitea", "push", giteaPush()),
    read("gitlab", "Push Hook", gitlabPush()),
    read("generic", "", { ref: "refs/heads/main", revision: COMMIT, repository: REPOSITORY, sender: "ci" }),
  ];
  for (const event of cases) {
    assert.ok(event.kind === "push");
    assert.deepEqual([event.refKind, event.ref, event.revision], ["branch", "main", COMMIT]);
    assert.ok(event.repository.includes(REPOSITORY), event.repository.join(" "));
    assert.ok(event.sender);
  }
  for (const event of [
    read("github", "push", githubPush({ ref: "refs/tags/v1" })),
    read("gitlab", "Tag Push Hook", gitlabPush({ ref: "refs/tags/v1" })),
    read("gitea", "push", giteaPush({ ref: "refs/tags/v1" })),
    read("generic", "", { ref: "refs/tags/v1" }),
  ])
    assert.ok(event.kind === "push" && event.refKind === "tag" && event.ref === "v1");
  for (const event of [
    read("github", "push", githubPush({ after: ZERO })),
    read("gitlab", "Push Hook", gitlabPush({ after: ZERO })),
    read("gitea", "push", giteaPush({ after: ZERO })),
  ])
    assert.ok(event.kind === "push" && event.revision === undefined);
});

test("read() takes names of branches in any script", () => {
  const event = read("github", "push", githubPush({ ref: "refs/heads/übung/日本" }));
  assert.ok(event.kind === "push" && event.ref === "übung/日本");
});

test("read() of an annotated tag gives the commit, not the tag", () => {
  const github = { ...githubPush({ ref: "refs/tags/v1" }), after: commit(9) };
  const gitlab = { ...gitlabPush({ ref: "refs/tags/v1" }), after: commit(9) };
  for (const event of [read("github", "push", github), read("gitlab", "Tag Push Hook", gitlab)])
    assert.ok(event.kind === "push" && event.revision === COMMIT);
});

test("read() of a pull request: what is to be built, and what comes out of a fork", () => {
  const actions = (forge: "github" | "gitea" | "gitlab", event: string, payloads: object[]) =>
    payloads.map((payload) => {
      const given = read(forge, event, payload);
      assert.ok(given.kind === "pull_request" && given.number === 7 && given.ref === "feature");
      return [given.action, given.fork];
    });
  const github = ["opened", "synchronize", "reopened", "closed", "labeled"].map((action) =>
    githubPull(action),
  );
  const expected = [
    ["changed", false],
    ["changed", false],
    ["changed", false],
    ["closed", false],
    ["other", false],
  ];
  assert.deepEqual(actions("github", "pull_request", github), expected);
  const gitea = ["opened", "synchronized", "reopened", "closed", "edited"].map((action) =>
    githubPull(action),
  );
  assert.deepEqual(actions("gitea", "pull_request", gitea), expected);
  const gitlab = [
    gitlabMerge("open"),
    gitlabMerge("update", { oldrev: commit(1) }),
    gitlabMerge("reopen"),
    gitlabMerge("merge"),
    gitlabMerge("update"),
  ];
  assert.deepEqual(actions("gitlab", "Merge Request Hook", gitlab), expected);
  for (const event of [
    read("github", "pull_request", githubPull("opened", { from: "fork" })),
    read("github", "pull_request", githubPull("closed", { from: "gone" })),
    read("gitlab", "Merge Request Hook", gitlabMerge("open", { source: 99 })),
  ])
    assert.ok(event.kind === "pull_request" && event.fork);
  assert.deepEqual(read("generic", "", { pullRequest: { number: 3, action: "changed" }, ref: "feature" }), {
    kind: "pull_request",
    action: "changed",
    number: 3,
    ref: "feature",
    revision: "feature",
    fork: false,
    repository: [],
  });
});

test("read() refuses what could be an option or a path to git, and members that are missing", () => {
  for (const [forge, event, payload] of [
    ["github", "push", {}],
    ["github", "push", githubPush({ after: "--upload-pack=touch" })],
    ["github", "push", githubPush({ ref: "refs/heads/--help" })],
    ["github", "push", { ...githubPush(), ref: 5 }],
    ["github", "push", []],
    ["github", "pull_request", { action: "opened", number: 0 }],
    ["github", "pull_request", githubPull("opened", { sha: "main" })],
    ["gitlab", "Push Hook", gitlabPush({ ref: "refs/heads/a..b" })],
    ["gitlab", "Merge Request Hook", {}],
    ["generic", "", { ref: "main", revision: "a b" }],
    ["generic", "", { ref: "main", revision: "-x" }],
    ["generic", "", { ref: "x\u0000" }],
    ["generic", "", null as never],
  ] as const)
    assert.throws(() => read(forge, event, payload), { code: "Invalid" }, JSON.stringify(payload));
});

test("signerOf() tells by the headers whose a request may be", () => {
  const body = "{}";
  const of = (headers: object): string | undefined => signerOf(headers as never)?.name;
  assert.equal(of(signed.github("s", body)), "github");
  assert.equal(of(signed.gitea("s", body)), "gitea");
  assert.equal(of(signed.forgejo("s", body)), "gitea");
  assert.equal(of(signed.gitlab("s", body)), "gitlab");
  assert.equal(of(signed.standard("s", body)), "generic");
  assert.equal(of({ "x-hub-signature": "sha1=0", authorization: "Bearer x" }), undefined);
});
