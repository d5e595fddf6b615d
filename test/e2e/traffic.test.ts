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

  it("a Pod that fails its readiness probe gets no traffic, and gets it again when it is well", async () => {
    const moody = ["--system", "e2e", "--app", "moody"];
    const source = new Source("hello-node").replace(
      "server.js",
      'return response.end("ok\\n");',
      '{ response.statusCode = require("node:fs").existsSync("/tmp/sick") ? 500 : 200; return response.end(); }',
    );
    try {
      await platform.json("deploy", source.path, ...moody, "--replicas", "2", "--health", "/healthz");
    } finally {
      source.remove();
    }
    const isReady = async (name: string): Promise<boolean | undefined> =>
      (await platform.json<{ name: string; ready: boolean }[]>("ps", ...moody)).find(
        (pod) => pod.name === name,
      )?.ready;
    const answering = async (): Promise<Set<string>> => {
      const { failures, bodies } = await load({
        ...platform.routes,
        host: hostOf("moody"),
        requests: 200,
        workers: 4,
      });
      assert.deepEqual(failures, {});
      return new Set([...bodies.keys()].map((body) => body.split(", ")[1] ?? ""));
    };
    const [sick, well] = (await platform.json<{ name: string }[]>("ps", ...moody)).map(({ name }) => name);
    await platform.say("exec", ...moody, "--pod", sick!, "--", "touch", "/tmp/sick");
    await eventually(async () => assert.equal(await isReady(sick!), false));
    await eventually(async () => assert.deepEqual(await answering(), new Set([well])), 5);
    assert.match(
      await platform.say("why", ...moody),
      /answers its readiness probe "\/healthz" with HTTP 500/,
    );
    await platform.say("exec", ...moody, "--pod", sick!, "--", "rm", "/tmp/sick");
    await eventually(async () => assert.equal((await answering()).size, 2));
  });

  for (const fresh of [false, true]) {
    it(`a rolling deploy under ${REQUESTS} requests ${fresh ? "on new" : "on kept"} connections drops none`, async () => {
      const source = new Source("hello-node").replace("server.js", "Hello from JDOS", `Rolled ${fresh}`);
      try {
        let going = true;
        const under = load({
          ...platform.routes,
          host: hostOf("busy"),
          requests: REQUESTS,
          more: () => going,
          workers: 8,
          fresh,
          perSecond: 900,
          key: (body) => body.split(",")[0] ?? "",
        });
        const deployed = platform.jdos("deploy", source.path, ...APP).finally(() => {
          going = false;
        });
        const [result, deploy] = await Promise.all([under, deployed]);
        assert.equal(deploy.exitCode, 0, deploy.stderr);
        assert.deepEqual(result.failures, {});
        assert.ok(result.requests >= REQUESTS, `${result.requests} requests`);
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
