import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { load } from "./support/http.ts";
import { example, hostOf, startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";
import { Source } from "./support/sources.ts";

const APP = ["--system", "e2e", "--app", "busy"];
const REQUESTS = 10_000;

describe("traffic", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startPlatform();
    await platform.json("deploy", example("hello-node"), ...APP, "--replicas", "2");
  });
  after(() => platform?.stop());

  const inPod = async (script: string): Promise<string> =>
    platform.say("exec", ...APP, "--", "node", "-e", script);

  it("a Pod resolves a Service by its short and its full name, and reaches it", async () => {
    const lookup = (name: string) =>
      inPod(`require('node:dns').promises.lookup('${name}').then(a=>console.log(a.address))`);
    const { stdout } = await platform.kubectl([
      "get",
      "service",
      "busy",
      "-n",
      "e2e",
      "-o",
      "jsonpath={.spec.clusterIP}",
    ]);
    assert.equal((await lookup("busy")).trim(), stdout);
    assert.equal((await lookup("busy.e2e.svc.cluster.local")).trim(), stdout);
    assert.match(await inPod("fetch('http://busy').then(r=>r.text()).then(console.log)"), /Hello from JDOS/);
    const missing = await platform.jdos(
      "exec",
      ...APP,
      "--",
      "node",
      "-e",
      "require('node:dns').promises.lookup('none.e2e')",
    );
    assert.match(missing.stderr, /ENOTFOUND/);
  });

  it("the Service balances", async () => {
    const script =
      "(async()=>{const s=new Set();for(let i=0;i<40;i++)s.add(await(await fetch('http://busy',{headers:{connection:'close'}})).text());console.log(s.size)})()";
    assert.equal((await inPod(script)).trim(), "2");
  });

  it("a Pod that fails its readiness probe gets no traffic", async () => {
    const pods = await platform.json<{ name: string }[]>("ps", ...APP);
    const sick = pods[0]!.name;
    // The probe asks the port: a stopped process accepts, but does not answer, so the listener itself is closed.
    await platform.kubectl([
      "exec",
      "-n",
      "e2e",
      sick,
      "--",
      "sh",
      "-c",
      "kill -STOP $(pgrep -f 'node server.js' | head -1) 2>/dev/null || kill -STOP 1",
    ]);
    try {
      await eventually(async () => {
        const now = await platform.json<{ name: string; ready: boolean }[]>("ps", ...APP);
        assert.equal(now.find(({ name }) => name === sick)?.ready, false);
      }, 60);
      const { failures, bodies } = await eventually(async () => {
        const result = await load({
          port: platform.names.ports.routes,
          host: hostOf("busy"),
          requests: 200,
          workers: 4,
        });
        assert.deepEqual(result.failures, {});
        return result;
      }, 20);
      assert.deepEqual(failures, {});
      assert.ok(![...bodies.keys()].some((body) => body.endsWith(sick)));
    } finally {
      await platform.kubectl(["delete", "pod", "-n", "e2e", sick, "--grace-period=0", "--force"]);
    }
    await eventually(async () => assert.match(await platform.say("why", ...APP), /^Nothing is wrong/), 60);
  });

  for (const fresh of [false, true]) {
    it(`a rolling deploy under ${REQUESTS} requests ${fresh ? "on new" : "on kept"} connections drops none`, async () => {
      const source = new Source("hello-node").replace("server.js", "Hello from JDOS", `Rolled ${fresh}`);
      try {
        const under = load({
          port: platform.names.ports.routes,
          host: hostOf("busy"),
          requests: REQUESTS,
          workers: 8,
          fresh,
          perSecond: 900,
          key: (body) => body.split(",")[0] ?? "",
        });
        const deployed = platform.jdos("deploy", source.path, ...APP);
        const [result, deploy] = await Promise.all([under, deployed]);
        assert.equal(deploy.exitCode, 0, deploy.stderr);
        assert.deepEqual(result.failures, {});
        assert.equal(result.requests, REQUESTS);
        assert.ok(
          (result.bodies.get(`Rolled ${fresh}`) ?? 0) > 0 && result.bodies.size === 2,
          `both releases answered: ${[...result.bodies]}`,
        );
      } finally {
        source.remove();
      }
    });
  }
});
