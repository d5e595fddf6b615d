import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { DeployResult, ReleaseDiff, ReleaseView } from "@jdos/api/platform-api";
import { example, startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";

const IN = ["--system", "e2e"];
const APP = [...IN, "--app", "shop"];

describe("releases", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startPlatform();
    await platform.say("secrets", "set", "db", "password=swordfish", ...IN);
    await platform.say("deploy", example("hello-node"), ...APP);
  });
  after(async () => {
    await platform?.jdos("system", "freeze", "delete", "peak", ...IN);
    await platform?.jdos("system", "notices", "delete", "local", ...IN);
    for (const app of ["shop", "shop-live"]) await platform?.jdos("app", "delete", ...IN, "--app", app);
    await platform?.jdos("secrets", "delete", "db", ...IN);
    await platform?.stop();
  });

  const diff = (...args: string[]) => platform.json<ReleaseDiff>("releases", "diff", ...args, ...APP);

  it("a variable from a secret reaches the Pods, and diff tells its name alone", async () => {
    await platform.say("env", "set", "PASSWORD", "--secret", "db/password", ...APP);
    assert.match(await platform.say("exec", "-T", ...APP, "--", "sh", "-c", "echo $PASSWORD"), /swordfish/);
    assert.deepEqual((await diff()).changes, [{ path: "env.PASSWORD", to: "(secret db/password)" }]);
    assert.doesNotMatch(await platform.say("secrets", "list", ...IN), /swordfish/);
    const missing = await platform.jdos("env", "set", "OTHER", "--secret", "db/none", ...APP);
    assert.match(missing.stderr, /^Invalid: .*no key "none"\nhint: Make it: jdos secrets set db none=VALUE/);
  });

  it("rollback returns configuration and routes with the image", async () => {
    const { application } = { application: ["application", "shop", "-n", "e2e"] };
    const routes = JSON.stringify({ spec: { routes: [{ host: "shop.example.org" }] } });
    await platform.kubectl(["patch", ...application, "--type=merge", "-p", routes]);
    await eventually(async () => assert.equal((await diff()).changes[0]?.path, "routes[0]"));
    await platform.say("rollback", "1", ...APP);
    assert.deepEqual((await diff("1", "4")).changes, []);
    const out = await platform.kubectl([
      "get",
      ...application,
      "-o",
      "jsonpath={.spec.run.env}{.spec.routes}",
    ]);
    assert.equal(out.stdout, "");
    await eventually(async () => assert.equal((await platform.ask("shop")).status, 200));
  });

  it("promote runs the same digest as another application, without a build", async () => {
    const result = await platform.json<DeployResult>("promote", ...APP, "--to", "shop-live");
    assert.equal(result.image.split("@")[1], (await current("shop")).image.split("@")[1]);
    const { reason, promotedFrom } = await current("shop-live");
    assert.equal(reason, "promoted from e2e/shop v4");
    assert.deepEqual(promotedFrom, { system: "e2e", application: "shop", release: 4 });
    assert.equal((await platform.ask("shop-live")).status, 200);
  });

  it("a freeze refuses a deploy, an owner forces a rollback, and what waited goes on by itself", async () => {
    const to = new Date(Date.now() + 3_600_000).toISOString();
    await platform.say(
      "system",
      "freeze",
      "add",
      "peak",
      "--from",
      "2020-01-01T00:00:00Z",
      "--to",
      to,
      ...IN,
    );
    const frozen = await platform.jdos("deploy", example("hello-node"), ...APP);
    assert.match(frozen.stderr, /Frozen: .*system "e2e" is frozen until/);
    await platform.say("rollback", "2", "--force", ...APP);
    assert.match((await current("shop")).reason ?? "", /^rollback to v2, forced by /);
    await platform.say("build", "retry", "1", ...APP);
    assert.match(await platform.say("why", ...APP), /Release v6 waits: system e2e is frozen until/);
    await platform.say("system", "freeze", "delete", "peak", ...IN);
    await eventually(async () => assert.equal((await current("shop")).number, 6));
  });

  it("a notice to this machine is refused, and its trouble is shown", async () => {
    await platform.say("system", "notices", "add", "local", "--url", "http://127.0.0.1:7080/", ...IN);
    await eventually(async () => {
      await platform.jdos("env", "set", `A=${Date.now()}`, "--no-wait", ...APP);
      assert.match(await platform.say("system", "notices", "list", ...IN), /"127\.0\.0\.1" is private/);
    });
  });

  async function current(app: string): Promise<ReleaseView> {
    const releases = await platform.json<ReleaseView[]>("releases", ...IN, "--app", app);
    const found = releases.find((each) => each.current);
    assert.ok(found, `${app} has no current release`);
    return found;
  }
});
