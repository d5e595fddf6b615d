import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ApiError,
  type Application,
  Applications,
  type Build,
  Builds,
  Namespaces,
  type Release,
  Releases,
  Systems,
} from "@jdos/api";
import { startTestPlatform, type TestPlatform } from "./testing/start-test-platform.ts";

const APP = "/api/v1/systems/demo/apps/hello";
const BUNDLE = { bundle: { digest: `sha256:${"a".repeat(64)}` } };

describe("platform API", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform();
    await platform.client.create(Namespaces, { metadata: { name: "demo" } });
    await platform.client.create(Systems, { metadata: { name: "demo" }, spec: {} });
  });
  after(() => platform.stop());

  const refusal = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await platform.call(method, path, body, headers);
    return { ...(answer.body as ApiError), status: answer.status };
  };

  it("answers 401 without a token and with a wrong one", async () => {
    for (const headers of [{}, { authorization: "Bearer nonsense" }]) {
      const response = await fetch(`${platform.url}/api/v1/status`, {
        headers: headers as Record<string, string>,
      });
      assert.equal(response.status, 401);
      assert.equal(((await response.json()) as ApiError).code, "Unauthorized");
    }
  });

  it("answers malformed JSON with 400, an invalid field with 422 and its path, an unknown path with 404", async () => {
    const json = { "content-type": "application/json" };
    assert.deepEqual((await refusal("POST", "/api/v1/systems", "{", json)).status, 400);
    const invalid = await refusal("POST", "/api/v1/systems", { name: "x", quota: { pods: "many" } });
    assert.equal(invalid.status, 422);
    assert.equal(invalid.field, "quota.pods");
    const unknown = await refusal("POST", "/api/v1/systems", { name: "x", colour: "red" });
    assert.deepEqual([unknown.status, unknown.field], [422, "colour"]);
    const name = await refusal("POST", "/api/v1/systems", { name: "A B" });
    assert.deepEqual([name.status, name.field], [422, "name"]);
    assert.match(name.hint ?? "", /small letters, digits and hyphens/);
    assert.equal((await refusal("GET", "/api/v1/nothing")).status, 404);
  });

  it("answers a body that is too large with 413 and another media type with 415", async () => {
    const huge = await refusal("POST", "/api/v1/systems", {
      name: "x",
      displayName: "y".repeat(2 * 1024 * 1024),
    });
    assert.deepEqual([huge.status, huge.code], [413, "TooLarge"]);
    assert.equal(
      (await refusal("POST", "/api/v1/systems", "a=b", { "content-type": "text/plain" })).status,
      415,
    );
  });

  it("creates a system once and says how to see the one that is there", async () => {
    const first = await platform.call("POST", "/api/v1/systems", { name: "shop", displayName: "The shop" });
    assert.equal(first.status, 201);
    const second = await refusal("POST", "/api/v1/systems", { name: "shop" });
    assert.equal(second.status, 409);
    assert.equal(second.hint, "See it: jdos system get shop");
    const list = (await platform.call("GET", "/api/v1/systems")).body as { items: { name: string }[] };
    assert.deepEqual(list.items.map(({ name }) => name).sort(), ["demo", "shop"]);
    assert.equal((await platform.call("DELETE", "/api/v1/systems/shop")).status, 202);
  });

  it("says which of system and application is missing", async () => {
    assert.equal(
      (await refusal("GET", "/api/v1/systems/none/apps/hello")).hint,
      "Create it: jdos system create none",
    );
    assert.match(
      (await refusal("GET", "/api/v1/systems/demo/apps/none")).message,
      /Cannot find application "none" in system "demo"/,
    );
  });

  it("deploys: writes the Application, counts Builds on, and takes a repeated request once", async () => {
    const send = (requestId: string, replicas?: number) =>
      platform.call("POST", `${APP}/deploy`, { source: BUNDLE, requestId, replicas });
    const first = await send("one", 2);
    assert.equal(first.status, 202);
    assert.deepEqual(first.body, {
      system: "demo",
      application: "hello",
      generation: 1,
      build: "hello-b1",
      changed: true,
    });
    assert.deepEqual((await send("one")).body, {
      system: "demo",
      application: "hello",
      generation: 1,
      build: "hello-b1",
      changed: false,
    });
    assert.equal(((await send("two")).body as { build: string }).build, "hello-b2");
    const application = await platform.client.get(Applications, { namespace: "demo", name: "hello" });
    assert.equal(application.spec.replicas, 2);
    const build = await platform.client.get(Builds, { namespace: "demo", name: "hello-b1" });
    assert.equal(build.spec.requestedBy, "admin");
    assert.equal(build.metadata.ownerReferences?.[0]?.uid, application.metadata.uid);
  });

  it("refuses a source that is none or two things, and a path that leads outside", async () => {
    const deploy = (body: unknown) => refusal("POST", `${APP}/deploy`, body);
    assert.equal((await deploy({ source: {} })).status, 422);
    assert.equal((await deploy({ source: { ...BUNDLE, image: { reference: "x" } } })).status, 422);
    assert.equal(
      (await deploy({ source: { git: { url: "https://git.example/x", path: "../.." } } })).field,
      "source.git.path",
    );
    assert.equal((await deploy({ source: { git: { url: "--upload-pack=touch" } } })).field, "source.git.url");
    assert.equal(
      (await deploy({ source: { git: { url: "https://git.example/x", revision: "--output=x" } } })).field,
      "source.git.revision",
    );
  });

  it("streams a deploy to ready, with the stages in their order", async () => {
    const { client } = platform;
    await platform.call("POST", "/api/v1/systems/demo/apps/flow/deploy", { source: BUNDLE });
    const response = await fetch(`${platform.url}/api/v1/systems/demo/apps/flow/progress?build=flow-b1`, {
      headers: { authorization: "Bearer test-administrator-token" },
    });
    assert.equal(response.headers.get("content-type"), "application/x-ndjson");
    await client.patch(
      Builds,
      { namespace: "demo", name: "flow-b1" },
      merge<Build>({
        status: {
          phase: "Succeeded",
          image: "demo/flow@1",
          stages: [{ name: "build", state: "Succeeded", seconds: 1.5 }],
        },
      }),
      { subresource: "status" },
    );
    await client.create(Releases, {
      metadata: { name: "flow-v1", namespace: "demo" },
      spec: {
        application: "flow",
        number: 1,
        image: "demo/flow@1",
        run: {},
        build: "flow-b1",
        hash: "0".repeat(64),
      },
    } as Release);
    await client.patch(
      Applications,
      { namespace: "demo", name: "flow" },
      merge<Application>({ spec: { release: 1 } }),
    );
    const application = await client.get(Applications, { namespace: "demo", name: "flow" });
    const status = {
      observedGeneration: application.metadata.generation,
      currentRelease: 1,
      readyReplicas: 1,
      url: "http://flow.demo.jdos.localhost:8080",
      conditions: [
        {
          type: "Ready",
          status: "True",
          reason: "Ready",
          message: "fine",
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
    };
    await client.patch(
      Applications,
      { namespace: "demo", name: "flow" },
      merge<Application>({ status } as Partial<Application>),
      { subresource: "status" },
    );
    const events = (await response.text())
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    const done = events.filter(({ state }) => state === "done").map(({ stage }) => stage);
    assert.deepEqual(done.slice(0, 2), ["build", "release"]);
    const last = events.at(-1);
    assert.equal(last.type, "ready");
    assert.deepEqual(
      [last.result.release, last.result.image, last.result.url],
      [1, "demo/flow@1", "http://flow.demo.jdos.localhost:8080"],
    );
    assert.equal(last.result.seconds.build, 1.5);
  });

  it("ends a failed build's stream with the step, the reason and the next step", async () => {
    await platform.call("POST", "/api/v1/systems/demo/apps/broken/deploy", { source: BUNDLE });
    const status = {
      phase: "Failed",
      stages: [{ name: "build", state: "Failed", message: "npm ci ended with exit code 1" }],
    } as Build["status"];
    await platform.client.patch(
      Builds,
      { namespace: "demo", name: "broken-b1" },
      merge<Build>({ status } as Partial<Build>),
      { subresource: "status" },
    );
    const response = await fetch(`${platform.url}/api/v1/systems/demo/apps/broken/progress?build=broken-b1`, {
      headers: { authorization: "Bearer test-administrator-token" },
    });
    const last = JSON.parse((await response.text()).trim().split("\n").at(-1)!);
    assert.equal(last.type, "failed");
    assert.equal(last.error.code, "BuildFailed");
    assert.match(last.error.message, /at stage "build": npm ci ended with exit code 1/);
    assert.match(last.error.hint, /jdos build logs 1/);
  });

  it("scales and sets variables; what changes nothing says so", async () => {
    const scaled = await platform.call("PUT", `${APP}/scale`, { replicas: 5 });
    assert.equal((scaled.body as { changed: boolean }).changed, true);
    assert.equal(
      ((await platform.call("PUT", `${APP}/scale`, { replicas: 5 })).body as { changed: boolean }).changed,
      false,
    );
    assert.equal(
      ((await platform.call("PATCH", `${APP}/env`, { unset: ["B"] })).body as { changed: boolean }).changed,
      false,
    );
    await platform.call("PATCH", `${APP}/env`, { set: { A: "1", B: "2" } });
    await platform.call("PATCH", `${APP}/env`, { set: { A: "3" }, unset: ["B"] });
    assert.deepEqual((await platform.call("GET", `${APP}/env`)).body, { items: [{ name: "A", value: "3" }] });
    assert.equal((await refusal("PATCH", `${APP}/env`, { set: { "not a name": "x" } })).status, 422);
  });

  it("rolls back to the release before the current one, and refuses the current one", async () => {
    const { client } = platform;
    const key = { namespace: "demo", name: "back" };
    await client.create(Applications, { metadata: key, spec: { release: 2 } });
    for (const number of [1, 2])
      await client.create(Releases, {
        metadata: { name: `back-v${number}`, namespace: "demo" },
        spec: { application: "back", number, image: `x@${number}`, run: {}, hash: "0".repeat(64) },
      });
    const path = "/api/v1/systems/demo/apps/back/rollback";
    assert.equal((await refusal("POST", path, { release: 2 })).status, 409);
    assert.equal((await refusal("POST", path, { release: 9 })).status, 404);
    assert.equal((await platform.call("POST", path, {})).status, 202);
    assert.equal((await client.get(Applications, key)).spec.rollbackTo, 1);
  });

  it("promotes and aborts what is being tried, and refuses what is not", async () => {
    const { client } = platform;
    const key = { namespace: "demo", name: "tried" };
    await client.create(Applications, { metadata: key, spec: { release: 2 } });
    const path = "/api/v1/systems/demo/apps/tried/canary";
    assert.match(
      (await refusal("POST", path, { action: "promote" })).message,
      /Cannot promote a release of application "tried": none is being tried/,
    );
    assert.equal((await refusal("POST", path, { action: "abort" })).status, 409);
    assert.equal((await refusal("POST", path, { action: "stop" })).status, 422);
    const rollout = {
      ...{ phase: "Paused", strategy: "Canary", release: 2, from: 1, step: 1, steps: 2, weight: 10 },
      since: "2026-01-01T00:00:00Z",
    };
    const body = { status: { currentRelease: 1, rollout } };
    await client.patch(Applications, key, { type: "merge", body }, { subresource: "status" });
    assert.deepEqual((await platform.call("GET", path)).body, {
      ...{ system: "demo", application: "tried", release: 1, rollout },
    });
    const post = async (request: object) => (await platform.call("POST", path, request)).body;
    assert.equal(((await post({ action: "promote" })) as { changed: boolean }).changed, true);
    assert.equal(((await post({ action: "promote" })) as { changed: boolean }).changed, false);
    await post({ action: "abort" });
    const { annotations } = (await client.get(Applications, key)).metadata;
    assert.deepEqual([annotations?.["jdos.io/promote"], annotations?.["jdos.io/abort"]], ["2/1", "2"]);
    const inPlace = { status: { rollout: { ...rollout, strategy: "InPlace", phase: "Progressing" } } };
    await client.patch(Applications, key, { type: "merge", body: inPlace }, { subresource: "status" });
    assert.match(
      (await refusal("POST", path, { action: "promote" })).message,
      /in place, and waits for nobody/,
    );
  });

  it("acts as the person: who may not, may not here either", async () => {
    const users = [{ name: "eve", groups: ["system:authenticated"], token: "token-of-eve-1234" }];
    const own = await startTestPlatform({ users });
    try {
      const answer = await own.call("GET", "/api/v1/systems", undefined, {
        authorization: "Bearer token-of-eve-1234",
      });
      assert.equal(answer.status, 403);
      assert.match((answer.body as ApiError).message, /User "eve" cannot list resource "systems"/);
    } finally {
      await own.stop();
    }
  });

  it("bounds the requests of a person", async () => {
    const own = await startTestPlatform({ requestsPerSecond: 1 });
    try {
      const statuses = await Promise.all(
        Array.from({ length: 6 }, async () => (await own.call("GET", "/api/v1/systems")).status),
      );
      assert.ok(statuses.includes(200) && statuses.includes(429), statuses.join(" "));
    } finally {
      await own.stop();
    }
  });

  it("shows nothing on the page before a login, and escapes what others wrote after it", async () => {
    await platform.client.patch(
      Systems,
      { name: "demo" },
      merge({ spec: { displayName: "<script>alert(1)</script>" } }),
    );
    const before = await (await fetch(`${platform.url}/`)).text();
    assert.ok(before.includes("Sign in") && !before.includes("demo"));
    const login = await fetch(`${platform.url}/login`, {
      method: "POST",
      body: new URLSearchParams({ token: "test-administrator-token" }),
      redirect: "manual",
    });
    assert.equal(login.status, 303);
    const cookie = login.headers.get("set-cookie")!;
    assert.match(cookie, /HttpOnly; SameSite=Strict/);
    assert.ok(!cookie.includes("test-administrator-token"));
    const page = await (
      await fetch(`${platform.url}/`, { headers: { cookie: cookie.split(";")[0]! } })
    ).text();
    assert.ok(page.includes("&lt;script&gt;") && !page.includes("<script>"));
    assert.equal((await fetch(`${platform.url}/api/v1/status`, { headers: { cookie } })).status, 401);
  });
});

function merge<T>(body: Partial<T> | object): { type: "merge"; body: object } {
  return { type: "merge", body };
}
