import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import type { PreviewView, WebhookSecretView, WebhookView } from "@jdos/api";
import { type GitServer, git, gitOutput, serveGit } from "./support/git-server.ts";
import { ask } from "./support/http.ts";
import { startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";
import { Source } from "./support/sources.ts";

const APP = ["--system", "e2e", "--app", "forged"];

describe("webhooks of forges", () => {
  let platform: TestPlatform;
  let source: Source;
  let server: GitServer;
  let hook: WebhookSecretView;
  before(async () => {
    platform = await startPlatform();
    source = new Source("hello-node");
    await git(source.path, "init", "-q");
    await commit("first");
    server = await serveGit(source.path, platform.hostAddress);
    await platform.json("deploy", server.url, ...APP);
  });
  after(async () => {
    server?.stop();
    source?.remove();
    await platform?.stop();
  });

  async function commit(message: string): Promise<string> {
    await git(source.path, "add", "-A");
    await git(source.path, "commit", "-q", "-m", message);
    return (await gitOutput(source.path, "rev-parse", "HEAD")).trim();
  }

  /** Sends as GitHub does, by the route that people are told. */
  function deliver(
    event: string,
    payload: object,
    secret = hook.secret,
  ): Promise<{ status: number; body: string }> {
    const body = JSON.stringify(payload);
    const url = new URL(hook.url);
    const { address, port } = platform.routes;
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: address,
          port,
          path: url.pathname,
          method: "POST",
          headers: {
            host: url.host,
            "content-type": "application/json",
            "user-agent": "GitHub-Hookshot/044aadd",
            "x-github-event": event,
            "x-github-delivery": randomUUID(),
            "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
          },
        },
        (response) =>
          void text(response).then(
            (answer) => resolve({ status: response.statusCode ?? 0, body: answer }),
            reject,
          ),
      );
      call.on("error", reject);
      call.end(body);
    });
  }

  const repository = () => ({ full_name: "e2e/forged", clone_url: server.url });
  const push = (revision: string): object => ({
    ref: "refs/heads/main",
    after: revision,
    head_commit: { id: revision },
    repository: repository(),
    sender: { login: "octocat" },
  });
  const pullRequest = (action: string, revision: string): object => ({
    action,
    number: 7,
    pull_request: {
      number: 7,
      head: { ref: "feature", sha: revision, repo: repository() },
      base: { ref: "main", repo: repository() },
    },
    repository: repository(),
    sender: { login: "octocat" },
  });
  const answers = async (app: string, pattern: RegExp): Promise<void> =>
    eventually(async () => {
      const { status, body } = await platform.ask(app);
      assert.equal(status, 200, body);
      assert.match(body, pattern);
    });

  it("hooks create prints where the forge sends to, and a ping arrives there", async () => {
    hook = await platform.json<WebhookSecretView>(
      "hooks",
      "create",
      "--forge",
      "github",
      "--previews",
      ...APP,
    );
    assert.match(hook.url, /^http:\/\/git\.jdos\.localhost:\d+\/hooks\/e2e\/forged$/);
    await eventually(async () => {
      const { status, body } = await deliver("ping", {
        zen: "Keep it logically awesome.",
        repository: repository(),
      });
      assert.equal(status, 200, body);
    });
    assert.equal((await deliver("push", push("a".repeat(40)), "wrong")).status, 401);
  });

  it("a push to the forge is a build of its commit, a release, and a new answer", async () => {
    source.replace("server.js", "Hello from JDOS", "Hello from a push");
    const revision = await commit("second");
    await git(server.repository, "fetch", "-q", source.path, "+main:main");
    const since = performance.now();
    const { status, body } = await deliver("push", push(revision));
    assert.equal(status, 202, body);
    await answers("forged", /^Hello from a push, /);
    console.log(`from the delivery to the new answer: ${((performance.now() - since) / 1000).toFixed(1)} s`);
    const [build] = await platform.json<{ revision: string; requestedBy: string; name: string }[]>(
      "builds",
      ...APP,
    );
    assert.deepEqual([build?.revision, build?.requestedBy], [revision, "webhook forged (octocat)"]);
    await eventually(async () => {
      const [newest] = await platform.json<WebhookView["deliveries"]>("hooks", "deliveries", ...APP);
      assert.deepEqual([newest?.outcome, newest?.build, newest?.revision], ["Built", build?.name, revision]);
    });
  });

  it("a pull request answers at an address of its own, follows its commits, and is gone when it is closed", async () => {
    await git(source.path, "checkout", "-q", "-b", "feature");
    for (const [number, action] of ["opened", "synchronize"].entries()) {
      source.replace(
        "server.js",
        number === 0 ? "Hello from a push" : "Hello from preview 0",
        `Hello from preview ${number}`,
      );
      const revision = await commit(`preview ${number}`);
      await git(server.repository, "fetch", "-q", source.path, "+feature:feature");
      const { status, body } = await deliver("pull_request", pullRequest(action, revision));
      assert.equal(status, 202, body);
      await answers("forged-pr-7", new RegExp(`^Hello from preview ${number}, `));
    }
    assert.match((await platform.ask("forged")).body, /^Hello from a push, /);
    const [preview] = await platform.json<PreviewView[]>("preview", "list", ...APP);
    assert.deepEqual([preview?.pullRequest, preview?.name], [7, "forged-pr-7"]);
    await deliver("pull_request", pullRequest("closed", "b".repeat(40)));
    await eventually(async () => {
      assert.deepEqual(await platform.json("preview", "list", ...APP), []);
      const { stdout } = await platform.kubectl([
        "get",
        "pods,deployments,ingresses,builds",
        "-n",
        "e2e",
        "-o",
        "name",
      ]);
      assert.doesNotMatch(stdout, /forged-pr-7/);
      const { address, port } = platform.routes;
      const { status } = await ask({ address, port, host: "forged-pr-7.e2e.jdos.localhost" });
      assert.ok(status === 404 || status === 503, String(status));
    });
    assert.match((await platform.ask("forged")).body, /^Hello from a push, /);
  });

  it("a delivery is handled again when a person asks for it", async () => {
    const deliveries = await platform.json<WebhookView["deliveries"]>("hooks", "deliveries", ...APP);
    const built = deliveries.find(({ event, outcome }) => event === "push" && outcome === "Built");
    await platform.say("hooks", "redeliver", built?.id ?? "", ...APP);
    await eventually(async () => {
      const [newest] = await platform.json<WebhookView["deliveries"]>("hooks", "deliveries", ...APP);
      assert.deepEqual([newest?.id, newest?.outcome], [`${built?.id}.2`, "Built"]);
    });
  });
});
