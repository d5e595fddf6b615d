import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { COMMANDS } from "./commands.ts";
import { toCliError } from "./program.ts";
import { runCli, type Seen, startFakePlatform } from "./testing/fake-platform.ts";

const SCOPE = ["--system", "demo", "--app", "hello"];
const APP = "/api/v1/systems/demo/apps/hello";
const POD = {
  name: "hello-1",
  status: "Running",
  ready: true,
  restarts: 0,
  release: 3,
  createdAt: new Date().toISOString(),
};
const RESULT = {
  system: "demo",
  application: "hello",
  release: 3,
  image: "i@sha256:1",
  url: "http://hello.demo.jdos.localhost:8080",
  replicas: 2,
  readyReplicas: 2,
  seconds: { build: 1.5, total: 2 },
};
const ACCEPTED = { system: "demo", application: "hello", generation: 4, changed: true };

async function withPlatform<T>(
  answers: Parameters<typeof startFakePlatform>[0],
  use: (url: string, seen: Seen[]) => Promise<T>,
): Promise<T> {
  const platform = await startFakePlatform(answers);
  try {
    return await use(platform.url, platform.seen);
  } finally {
    await platform.stop();
  }
}

describe("runProgram()", () => {
  it("runProgram() has every command of the contract, each with a help that loads no code", async () => {
    const names = COMMANDS.map(({ name }) => name);
    const contract = [
      "up",
      "down",
      "status",
      "kubeconfig",
      "system create",
      "system list",
      "system get",
      "system delete",
      "deploy",
      "app create",
      "app remote",
      "app list",
      "app get",
      "app delete",
      "ps",
      "logs",
      "exec",
      "scale",
      "env set",
      "releases",
      "rollback",
      "events",
      "why",
      "open",
      "doctor",
      "builds",
      "build logs",
      "hooks list",
      "hooks create",
      "hooks rotate",
      "hooks deliveries",
      "hooks redeliver",
      "hooks delete",
      "preview list",
      "preview delete",
      "canary status",
      "canary promote",
      "canary abort",
    ];
    assert.deepEqual(
      contract.filter((name) => !names.includes(name)),
      [],
    );
    for (const name of names) {
      const { exitCode, stdout } = await runCli([...name.split(" "), "--help"], undefined);
      assert.equal(exitCode, 0, name);
      assert.match(stdout, /--output <format>[\s\S]*--data-dir/, name);
    }
  });

  it("runProgram() prints the same data as table, json and yaml", () =>
    withPlatform({ [`GET ${APP}/pods`]: { items: [POD] } }, async (url) => {
      const table = await runCli(["ps", ...SCOPE], url);
      assert.match(table.stdout, /^POD +STATUS +READY +RESTARTS +RELEASE/);
      assert.match(table.stdout, /hello-1 +Running +yes +0 +3/);
      assert.deepEqual(JSON.parse((await runCli(["ps", ...SCOPE, "-o", "json"], url)).stdout), [POD]);
      assert.match(
        (await runCli(["ps", ...SCOPE, "-o", "yaml"], url)).stdout,
        /- name: hello-1\n {2}status: Running/,
      );
    }));

  it("runProgram() prints a refusal as code, sentence and hint, and exits 1", () =>
    withPlatform({}, async (url) => {
      const { exitCode, stdout, stderr } = await runCli(["app", "get", ...SCOPE], url);
      assert.deepEqual([exitCode, stdout], [1, ""]);
      assert.equal(stderr, `NotFound: Cannot find ${APP}\nhint: Look elsewhere\n`);
    }));

  it("runProgram() exits 2 for a command line that cannot be read", async () => {
    for (const args of [
      ["nonsense"],
      ["ps"],
      ["ps", "--system", "demo"],
      ["ps", ...SCOPE, "-o", "xml"],
      ["scale", ...SCOPE, "--replicas", "many"],
      ["scale", ...SCOPE],
      ["deploy", "examples", "--system", "demo"],
      ["env", "set", ...SCOPE, "novalue"],
      ["logs", ...SCOPE, "--since", "soon"],
    ]) {
      const { exitCode, stderr } = await runCli(args, "http://127.0.0.1:1");
      assert.equal(exitCode, 2, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, /^Usage: /, args.join(" "));
    }
  });

  it("runProgram() says how to start a platform that is not there", async () => {
    const { exitCode, stderr } = await runCli(["app", "list"], undefined);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^NotRunning: .*"\/nonexistent"[\s\S]*hint: Start it with: jdos up/);
    assert.match(
      (await runCli(["app", "list"], "http://127.0.0.1:1")).stderr,
      /^NotRunning: .*nothing answers at/,
    );
  });

  it("toCliError() says which file this user may not open, and what to do", () => {
    const denied = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES", path: "/data/x" });
    const { code, message, hint } = toCliError(denied);
    assert.deepEqual([code, message], ["Forbidden", 'Cannot open "/data/x": this user may not']);
    assert.match(hint ?? "", /as root/);
  });

  it("why prints one sentence, its evidence without control characters, and the next step", () =>
    withPlatform(
      {
        [`GET ${APP}/why`]: {
          situation: "CrashLoop",
          healthy: false,
          sentence: "It says: boom.",
          evidence: [{ from: "log", text: "\u001b[31mboom" }],
          nextStep: "Mend it",
        },
      },
      async (url) => {
        assert.equal(
          (await runCli(["why", ...SCOPE], url)).stdout,
          "It says: boom.\n  log:  [31mboom\nNext: Mend it\n",
        );
      },
    ));

  it("logs puts the Pod before each line, and leaves it out for one Pod", () =>
    withPlatform(
      {
        [`GET ${APP}/logs`]: {
          stream: [
            { pod: "hello-1", line: "a" },
            { pod: "hello-2", line: "b" },
          ],
        },
      },
      async (url, seen) => {
        assert.equal(
          (await runCli(["logs", ...SCOPE, "--tail", "5", "--since", "2m"], url)).stdout,
          "hello-1  a\nhello-2  b\n",
        );
        assert.ok(seen[0]?.path.endsWith("?tail=5&sinceSeconds=120"), seen[0]?.path);
        assert.equal((await runCli(["logs", ...SCOPE, "--pod", "hello-1"], url)).stdout, "a\nb\n");
      },
    ));

  it("scale sends the number and follows the change to its end", () =>
    withPlatform(
      {
        [`PUT ${APP}/scale`]: ACCEPTED,
        [`GET ${APP}/progress`]: {
          stream: [
            { type: "stage", stage: "ready", state: "done", seconds: 0.2 },
            { type: "ready", result: RESULT },
          ],
        },
      },
      async (url, seen) => {
        const { stdout, stderr } = await runCli(["scale", ...SCOPE, "--replicas", "2"], url);
        assert.equal(seen[0]?.body, '{"replicas":2}');
        assert.match(seen[1]?.path ?? "", /generation=4/);
        assert.equal(stdout, "demo/hello runs with 2 of 2 Pods ready\n");
        assert.match(stderr, /^ready +200 ms/);
      },
    ));

  it("env unset of what is not set says that nothing changes, and waits for nothing", () =>
    withPlatform({ [`PATCH ${APP}/env`]: { ...ACCEPTED, changed: false } }, async (url) => {
      const { stdout } = await runCli(["env", "unset", "A", ...SCOPE], url);
      assert.equal(stdout, "demo/hello is as it was: nothing changes\n");
    }));

  it("app create says how to push, and app remote says it again", () => {
    const view = { system: "demo", name: "hello", remote: "http://git.jdos.localhost:8080/demo/hello.git" };
    return withPlatform({ [`POST ${APP}`]: view, [`GET ${APP}`]: view }, async (url, seen) => {
      const args = [
        "app",
        "create",
        "hello",
        "--system",
        "demo",
        "--branches",
        "main,rel/*",
        "--path",
        "web/",
      ];
      const made = await runCli(args, url);
      assert.equal(made.exitCode, 0, made.stderr);
      assert.match(made.stdout, /^Application demo\/hello is made/);
      assert.match(
        made.stdout,
        /git remote add jdos http:\/\/git.jdos.localhost:8080\/demo\/hello.git\n {2}git push jdos main/,
      );
      assert.match(made.stdout, /any user name; the password is the token in/);
      assert.deepEqual(JSON.parse(seen[0]!.body), { triggers: { branches: ["main", "rel/*"], path: "web" } });
      const json = await runCli(["app", "remote", ...SCOPE, "-o", "json"], url);
      assert.equal(JSON.parse(json.stdout).remote, view.remote);
      assert.equal(JSON.parse(json.stdout).login.username, "any");
    });
  });

  it("deploy reads jdos.yaml, which the command line goes before", async () => {
    const directory = await mkdtemp(join(tmpdir(), "jdos-cli-"));
    await mkdir(join(directory, "web"));
    await writeFile(join(directory, "web/index.html"), "1");
    const text = "system: demo\napp: hello\npath: web\nreplicas: 2\nrun: { memory: 64Mi, cpu: 100m }\n";
    await writeFile(join(directory, "jdos.yaml"), text);
    await withPlatform(
      {
        "GET /api/v1/systems/demo": {},
        [`POST ${APP}/source/missing`]: { missing: [] },
        [`POST ${APP}/source`]: { digest: "sha256:1", sizeBytes: 1, seconds: 0 },
        [`POST ${APP}/deploy`]: { ...ACCEPTED, build: "hello-b1" },
        [`GET ${APP}/progress`]: { stream: [{ type: "ready", result: RESULT }] },
      },
      async (url, seen) => {
        const { exitCode, stderr } = await runCli(["deploy", directory, "--memory", "128Mi"], url);
        assert.equal(exitCode, 0, stderr);
        const { requestId: _, ...body } = JSON.parse(seen.find(({ path }) => path.endsWith("/deploy"))!.body);
        const source = { bundle: { digest: "sha256:1" } };
        assert.deepEqual(body, { source, replicas: 2, run: { memory: "128Mi", cpu: "100m" } });
        await writeFile(join(directory, "jdos.yaml"), "replica: 2\n");
        const bad = await runCli(["deploy", directory, ...SCOPE], url);
        assert.equal(bad.exitCode, 1);
        assert.match(
          bad.stderr,
          /^SourceFileInvalid: Cannot read jdos.yaml: replica: there is no such setting\nhint: One of/,
        );
      },
    );
    await rm(directory, { recursive: true });
  });

  it("deploy of an image sends it, shows the stages and ends with the URL", () =>
    withPlatform(
      {
        "GET /api/v1/systems/demo": {},
        [`POST ${APP}/deploy`]: { ...ACCEPTED, build: "hello-b1" },
        [`GET ${APP}/progress`]: {
          stream: [
            { type: "stage", stage: "build", state: "started" },
            { type: "stage", stage: "build", state: "done", seconds: 1.5 },
            { type: "ready", result: RESULT },
          ],
        },
      },
      async (url, seen) => {
        const { exitCode, stdout, stderr } = await runCli(
          ["deploy", "image:demo/x:1", ...SCOPE, "--replicas", "2"],
          url,
        );
        assert.equal(exitCode, 0, stderr);
        const body = JSON.parse(seen[1]!.body);
        assert.deepEqual([body.source, body.replicas], [{ image: { reference: "demo/x:1" } }, 2]);
        assert.match(seen[2]!.path, /build=hello-b1/);
        assert.match(stderr, /^build +1\.5 s\n$/);
        assert.match(
          stdout,
          /^Release 3 of demo\/hello is ready after [\d.]+ s\nhttp:\/\/hello\.demo\.jdos\.localhost:8080\n$/,
        );
        const json = JSON.parse(
          (await runCli(["deploy", "image:demo/x:1", ...SCOPE, "-o", "json"], url)).stdout,
        );
        assert.deepEqual(
          [json.system, json.application, json.release, json.url, json.seconds.build],
          ["demo", "hello", 3, RESULT.url, 1.5],
        );
      },
    ));

  it("deploy of a build that fails prints its log and exits 1 with the reason", () =>
    withPlatform(
      {
        "GET /api/v1/systems/demo": {},
        [`POST ${APP}/deploy`]: { ...ACCEPTED, build: "hello-b1" },
        [`GET ${APP}/progress`]: {
          stream: [
            { type: "log", line: "npm error" },
            {
              type: "failed",
              error: { code: "BuildFailed", message: "Build 1 failed", hint: "Mend it" },
              result: {},
            },
          ],
        },
      },
      async (url) => {
        const { exitCode, stdout, stderr } = await runCli(["deploy", "image:x", ...SCOPE], url);
        assert.deepEqual([exitCode, stdout], [1, ""]);
        assert.equal(stderr, "| npm error\nBuildFailed: Build 1 failed\nhint: Mend it\n");
      },
    ));

  it("deploy goes on when the connection breaks and comes back", () => {
    let streams = 0;
    return withPlatform(
      {
        "GET /api/v1/systems/demo": {},
        [`POST ${APP}/deploy`]: { ...ACCEPTED, build: "hello-b1" },
        [`GET ${APP}/progress`]: (
          _request: Seen,
          response: { write(text: string): void; destroy(): void },
        ) => {
          streams++;
          if (streams > 1) return { stream: [{ type: "ready", result: RESULT }] };
          response.write('{"type":"stage","stage":"build","state":"started"}\n');
          setTimeout(() => response.destroy(), 20);
          return new Promise(() => {});
        },
      },
      async (url) => {
        const { exitCode, stderr } = await runCli(["deploy", "image:x", ...SCOPE], url);
        assert.equal(exitCode, 0, stderr);
        assert.equal(streams, 2);
        assert.match(stderr, /waiting for the platform to come back/);
      },
    );
  });

  it("canary promote and abort say what is decided, and status shows shares and errors", () => {
    const rollout = {
      ...{ phase: "Paused", strategy: "Canary", release: 5, from: 4, step: 1, steps: 2, weight: 10 },
      ...{ since: "2026-01-01T00:00:00Z", message: "Release v5 takes 10 % of the requests" },
    };
    const traffic = {
      weight: 10,
      canary: { requests: 40, errors: 3 },
      stable: { requests: 360, errors: 0 },
    };
    const view = { system: "demo", application: "hello", release: 4, rollout, traffic };
    return withPlatform(
      { [`GET ${APP}/canary`]: view, [`POST ${APP}/canary`]: ACCEPTED },
      async (url, seen) => {
        const { stdout } = await runCli(["canary", "status", ...SCOPE], url);
        assert.match(stdout, /v5 +Canary +Paused +1\/2 +10% +3 of 40 +0 of 360 +Release v5 takes/);
        assert.equal((await runCli(["canary", "promote", ...SCOPE, "--all"], url)).exitCode, 0);
        assert.equal((await runCli(["canary", "abort", ...SCOPE], url)).exitCode, 0);
        assert.deepEqual(
          seen.slice(1).map(({ body }) => JSON.parse(body)),
          [{ action: "promote", all: true }, { action: "abort" }],
        );
      },
    );
  });

  it("deploy sends the strategy it is told", () =>
    withPlatform(
      {
        "GET /api/v1/systems/demo": { name: "demo" },
        [`POST ${APP}/deploy`]: (request: { body: string }, response: import("node:http").ServerResponse) => {
          const { rollout } = JSON.parse(request.body) as { rollout?: object };
          response.writeHead(409).end(JSON.stringify({ code: "Seen", message: JSON.stringify(rollout) }));
        },
      },
      async (url) => {
        for (const [given, strategy] of Object.entries({
          ...{ "blue-green": "BlueGreen", BlueGreen: "BlueGreen" },
          ...{ "in-place": "InPlace", InPlace: "InPlace" },
        })) {
          const { stderr } = await runCli(["deploy", "image:x", ...SCOPE, "--strategy", given], url);
          assert.match(stderr, new RegExp(`Seen: \\{"strategy":"${strategy}"\\}`));
        }
      },
    ));

  it("deploy refuses a strategy that there is not, before anything is sent", () =>
    withPlatform({}, async (url, seen) => {
      const { exitCode, stderr } = await runCli(["deploy", ".", ...SCOPE, "--strategy", "magic"], url);
      assert.equal(exitCode, 2);
      assert.match(
        stderr,
        /"magic" is not a strategy\nhint: --strategy rolling, --strategy canary, .*--strategy in-place/,
      );
      assert.deepEqual(seen, []);
    }));

  it("rollback takes a release in any of its spellings", () =>
    withPlatform({ [`POST ${APP}/rollback`]: ACCEPTED }, async (url, seen) => {
      for (const version of ["2", "v2", "hello-v2"])
        await runCli(["rollback", version, ...SCOPE, "--no-wait"], url);
      await runCli(["rollback", ...SCOPE, "--no-wait"], url);
      assert.deepEqual(
        seen.map(({ body }) => body),
        ['{"release":2}', '{"release":2}', '{"release":2}', "{}"],
      );
      assert.equal((await runCli(["rollback", "latest", ...SCOPE], url)).exitCode, 2);
    }));
});
