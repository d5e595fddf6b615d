import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApplicationMetrics, ApplicationUsageDetail, ImageVerification } from "@jdos/api/platform-api";
import { authorizeAt } from "@jdos/component-base";
import { ArtifactStore, attachmentTags, SIGNATURE_ANNOTATION } from "@jdos/component-base/attestation";
import { git, serveGit } from "./support/git-server.ts";
import { ask } from "./support/http.ts";
import { example, MachinePlatform, startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";
import { Source } from "./support/sources.ts";
import { except } from "./support/target.ts";

interface Deployed {
  system: string;
  application: string;
  release: number;
  image: string;
  url: string;
  seconds: Record<string, number>;
}

/** Reads all that a step may read, of files and of other processes; fails when a private key fits the platform's public one. */
const LOOK = `
const { createPrivateKey, createPublicKey } = require("node:crypto");
const { readdirSync, readFileSync, lstatSync } = require("node:fs");
const wanted = readFileSync("cosign.pub", "utf8").trim();
let files = 0;
const look = (path) => {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile() || stats.size > 65536) return;
    files++;
    const text = readFileSync(path, "utf8");
    for (const [pem] of text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g)) {
      let found;
      try { found = createPublicKey(createPrivateKey(pem)).export({ type: "spki", format: "pem" }).trim(); } catch {}
      if (found === wanted) { console.log("found the key in", path); process.exit(1); }
    }
  } catch {}
};
const walk = (path) => {
  let entries = [];
  try { entries = readdirSync(path + "/", { withFileTypes: true }); } catch {}
  for (const entry of entries) {
    const below = path + "/" + entry.name;
    if (entry.isDirectory() && !/^\\/(proc|sys|dev|usr)$|node_modules$|\\.git$/.test(below)) walk(below);
    else look(below);
  }
};
walk("");
for (const pid of readdirSync("/proc").filter((name) => /^\\d+$/.test(name)))
  for (const file of ["environ", "cmdline"]) look("/proc/" + pid + "/" + file);
console.log("looked at", files, "files");
`;

const HELLO = ["--system", "e2e", "--app", "hello"];

describe("an application's life", () => {
  let platform: TestPlatform;
  let source: Source;
  let first: Deployed;
  before(async () => {
    platform = await startPlatform();
    source = new Source("hello-node");
  });
  after(async () => {
    source?.remove();
    await platform?.stop();
  });

  it("deploy takes hello-node from its source to an answer, and says how long each stage took", async () => {
    first = await platform.json<Deployed>("deploy", source.path, ...HELLO);
    assert.deepEqual([first.system, first.application, first.release], ["e2e", "hello", 1]);
    assert.ok(first.image.startsWith(`${platform.images}/e2e/hello@`), first.image);
    assert.match(first.image, /@sha256:[0-9a-f]{64}$/);
    assert.equal(first.url, `http://hello.e2e.jdos.localhost:${platform.routes.port}`);
    for (const stage of ["source", "build", "push", "release", "rollout", "ready", "total"])
      assert.equal(typeof first.seconds[stage], "number", stage);
    const { status, body } = await platform.ask("hello");
    assert.equal(status, 200, body);
    assert.match(body, /^Hello from JDOS, hello-/);
  });

  it("the page at the platform's port shows what runs to who is logged in", {
    ...except("kubernetes", "the platform opens no port of its own to browsers on a cluster"),
  }, async () => {
    assert.ok(platform instanceof MachinePlatform);
    const { port, host } = { port: platform.names.ports.platform, host: "127.0.0.1" };
    const login = await fetch(`http://${host}:${port}/login`, {
      method: "POST",
      body: new URLSearchParams({ token: await platform.token() }),
      redirect: "manual",
    });
    const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = await ask({ port, host, headers: { cookie } });
    assert.ok(page.body.includes(first.url), page.body);
    const stranger = await ask({ port, host });
    assert.ok(!stranger.body.includes("hello"));
  });

  it("top tells within two scrapes what it uses and answers, and metrics how that went", async () => {
    const stop = new AbortController();
    const traffic = (async () => {
      while (!stop.signal.aborted) {
        await platform.ask("hello").catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    try {
      const measured = await eventually(async () => {
        const usage = await platform.json<ApplicationUsageDetail>("top", ...HELLO);
        const { cpuCores, memoryBytes, requestsPerSecond, errorShare, p99Seconds } = usage;
        assert.ok(cpuCores !== undefined && memoryBytes !== undefined, JSON.stringify(usage));
        assert.ok((requestsPerSecond ?? 0) > 0.5 && p99Seconds !== undefined, JSON.stringify(usage));
        assert.equal(errorShare, 0);
        return usage;
      });
      assert.ok(measured.cpuCores! > 0 && measured.memoryBytes! > 5 * 1024 * 1024, JSON.stringify(measured));
      assert.deepEqual([measured.pods, measured.items.length], [1, 1]);
      const table = await platform.say("top", "--system", "e2e");
      assert.match(table, /^SYSTEM .*CPU/);
      assert.match(table, /^e2e +hello +1\/1 +\S+m? +\d+ MiB/m);
      // Points stand at multiples of the step: the first may be a step away.
      await eventually(async () => {
        const range = ["--since", "5m", "--step", "15s"];
        const { series } = await platform.json<ApplicationMetrics>("metrics", ...HELLO, ...range);
        const there = series.filter(({ points }) => points.length > 0).map(({ metric }) => metric);
        for (const name of ["cpuCores", "memoryBytes", "pods"] as const)
          assert.ok(there.includes(name), `${name}: ${there}`);
      });
    } finally {
      stop.abort();
      await traffic;
    }
  });

  it("ps, logs, events, builds and app tell of it", async () => {
    const pods = await platform.json<{ name: string; status: string; ready: boolean; release: number }[]>(
      "ps",
      ...HELLO,
    );
    assert.deepEqual(
      pods.map(({ status, ready, release }) => [status, ready, release]),
      [["Running", true, 1]],
    );
    assert.match(
      await platform.say("logs", ...HELLO),
      new RegExp(`^${pods[0]!.name}  .*listening on port 8080$`, "m"),
    );
    assert.ok(
      (await platform.json<{ reason: string }[]>("events", ...HELLO)).some(
        ({ reason }) => reason === "Scheduled",
      ),
    );
    const builds = await platform.json<{ number: number; phase: string }[]>("builds", ...HELLO);
    assert.deepEqual(
      builds.map(({ number, phase }) => [number, phase]),
      [[1, "Succeeded"]],
    );
    assert.match(await platform.say("build", "logs", ...HELLO), /stage push succeeded/);
    assert.equal((await platform.json<{ state: string }>("app", "get", ...HELLO)).state, "Ready");
    assert.ok((await platform.json<{ name: string }[]>("app", "list")).some(({ name }) => name === "hello"));
  });

  it("exec passes on output and exit code", async () => {
    const { exitCode, stdout, stderr } = await platform.jdos(
      "exec",
      ...HELLO,
      "--",
      "sh",
      "-c",
      "echo out; echo err >&2; exit 7",
    );
    assert.deepEqual([exitCode, stdout, stderr], [7, "out\n", "err\n"]);
    const missing = await platform.jdos("exec", ...HELLO, "--", "/no/such/program");
    assert.notEqual(missing.exitCode, 0);
  });

  it("scale makes five Pods, and the route leads to all of them", async () => {
    await platform.say("scale", "--replicas", "5", ...HELLO);
    const pods = await platform.json<{ name: string; ready: boolean }[]>("ps", ...HELLO);
    assert.equal(pods.filter(({ ready }) => ready).length, 5);
    const seen = await eventually(async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => platform.ask("hello")));
      const bodies = new Set(answers.map(({ body }) => body));
      assert.equal(bodies.size, 5);
      return answers;
    });
    assert.ok(seen.every(({ status }) => status === 200));
  });

  it("verify says who built the image from what", async () => {
    const signed = await eventually(async () => {
      const { stdout } = await platform.jdos("verify", ...HELLO, "-o", "json");
      const found = JSON.parse(stdout) as ImageVerification;
      assert.equal(found.verified, true, stdout);
      return found;
    });
    assert.equal(signed.image, first.image);
    assert.equal(signed.provenance?.build, "hello-b1");
    assert.ok((signed.packages ?? 0) > 50, `${signed.packages} packages`);
  });

  it("verify fails on what somebody put in a signature's place", {
    ...except(
      "kubernetes",
      "the cluster's registry is not ours to forge in: test/integration/supply-chain.test.ts does",
    ),
  }, async () => {
    assert.ok(platform instanceof MachinePlatform);
    const url = `http://127.0.0.1:${platform.names.ports.registry}`;
    const credential = { username: "admin", password: await platform.token() };
    const authorization = await authorizeAt(url, { scopes: { "e2e/hello": "pull,push" }, credential });
    const store = new ArtifactStore({
      url,
      repository: "e2e/hello",
      ...(authorization && { authorization }),
    });
    const [, digest = ""] = first.image.split("@");
    const tag = attachmentTags(digest).signature;
    const right = JSON.parse((await store.manifest(tag))?.bytes.toString("utf8") ?? "{}");
    const annotations = { [SIGNATURE_ANNOTATION]: Buffer.from("forged").toString("base64") };
    await store.putManifest(tag, { ...right, layers: [{ ...right.layers[0], annotations }] });
    const forged = await platform.jdos("verify", ...HELLO);
    assert.equal(forged.exitCode, 1);
    assert.match(forged.stdout, /FAILED +signature/);
    await store.putManifest(tag, right);
    assert.equal((await platform.jdos("verify", ...HELLO)).exitCode, 0);
  });

  it("a step of a build that looks for the signing key everywhere finds none", async () => {
    const hostile = new Source("hello-node")
      .replace("package.json", '"start":', '"build": "node look.js", "start":')
      .write("cosign.pub", `${await platform.say("registry", "key")}`)
      .write("look.js", LOOK);
    try {
      await platform.json<Deployed>("deploy", hostile.path, "--system", "e2e", "--app", "hostile");
      assert.match(
        await platform.say("build", "logs", "--system", "e2e", "--app", "hostile"),
        /looked at \d{3,} files/,
      );
    } finally {
      hostile.remove();
      await platform.jdos("app", "delete", "hostile", "--system", "e2e");
    }
  });

  it("a second deploy replaces the first, and releases lists both", async () => {
    source.replace("server.js", "Hello from JDOS", "Hello again");
    const second = await platform.json<Deployed>("deploy", source.path, ...HELLO);
    assert.equal(second.release, 2);
    assert.notEqual(second.image, first.image);
    // A worker of HAProxy that a reload replaced may still answer what reached it before.
    await eventually(async () => assert.match((await platform.ask("hello")).body, /^Hello again, /), 2);
    const releases = await platform.json<{ number: number; current: boolean }[]>("releases", ...HELLO);
    assert.deepEqual(
      releases.map(({ number, current }) => [number, current]),
      [
        [2, true],
        [1, false],
      ],
    );
  });

  it("rollback returns to the first image under a new number", async () => {
    await platform.say("rollback", ...HELLO);
    assert.match((await platform.ask("hello")).body, /^Hello from JDOS, /);
    const [newest] = await platform.json<
      { number: number; rollbackTo: number; image: string; current: boolean; createdBy: string }[]
    >("releases", ...HELLO);
    assert.deepEqual(
      [newest?.number, newest?.rollbackTo, newest?.image, newest?.current, newest?.createdBy],
      [3, 1, first.image, true, platform.administrator],
    );
  });

  it("env set makes a release with the same image", async () => {
    await platform.say("env", "set", "GREETING=Good morning", ...HELLO);
    assert.match((await platform.ask("hello")).body, /^Good morning, /);
    const [newest] = await platform.json<{ number: number; image: string; createdBy: string }[]>(
      "releases",
      ...HELLO,
    );
    assert.deepEqual(
      [newest?.number, newest?.image, newest?.createdBy],
      [4, first.image, platform.administrator],
    );
  });

  it("why says that nothing is wrong, and open prints the URL", async () => {
    assert.match(
      await platform.say("why", ...HELLO),
      /^Nothing is wrong: release 4 runs with 5 of 5 Pods ready/,
    );
    assert.equal(await platform.say("open", ...HELLO), `${first.url}\n`);
  });

  it("deploy of the image that runs already needs no build", async () => {
    const copy = await platform.json<Deployed>(
      "deploy",
      `image:${first.image}`,
      "--system",
      "e2e",
      "--app",
      "copy",
    );
    assert.equal(copy.release, 1);
    assert.match((await platform.ask("copy")).body, /^Hello from JDOS, copy-/);
  });

  it("a Dockerfile is built", async () => {
    const deployed = await platform.json<Deployed>(
      "deploy",
      example("dockerfile"),
      "--system",
      "e2e",
      "--app",
      "dockerfile",
    );
    assert.equal(deployed.release, 1);
    assert.match((await platform.ask("dockerfile")).body, /^Hello from a Dockerfile/);
  });

  it("a git URL is built at the revision it names, and at the newest where it names none", async () => {
    const repository = new Source("hello-node");
    await git(repository.path, "init", "-q");
    await git(repository.path, "add", "-A");
    await git(repository.path, "commit", "-q", "-m", "first");
    await git(repository.path, "tag", "v1");
    repository.replace("server.js", "Hello from JDOS", "Hello from the newest commit");
    await git(repository.path, "commit", "-q", "-a", "-m", "second");
    const server = await serveGit(repository.path, platform.hostAddress);
    const app = ["--system", "e2e", "--app", "cloned"];
    try {
      await platform.json("deploy", `${server.url}#v1`, ...app);
      assert.match((await platform.ask("cloned")).body, /^Hello from JDOS, /);
      await platform.json("deploy", server.url, ...app);
      assert.match((await platform.ask("cloned")).body, /^Hello from the newest commit, /);
      const [newest] = await platform.json<{ revision: string }[]>("builds", ...app);
      assert.match(newest?.revision ?? "", /^[0-9a-f]{40}$/);
    } finally {
      server.stop();
      repository.remove();
    }
  });

  it("web reaches api by its DNS name", async () => {
    await platform.json("deploy", `${example("two-services")}/api`, "--system", "e2e", "--app", "api");
    await platform.json("deploy", `${example("two-services")}/web`, "--system", "e2e", "--app", "web");
    const { status, body } = await platform.ask("web");
    assert.match(body, /^web asked http:\/\/api, and api-.* answered/);
    assert.equal(status, 200);
  });

  it("app delete takes everything of it away", async () => {
    await platform.say("app", "delete", "--system", "e2e", "--app", "copy");
    await eventually(async () => {
      const { stdout } = await platform.kubectl([
        "get",
        "deployments,services,ingresses,pods,secrets",
        "-n",
        "e2e",
        "-o",
        "name",
      ]);
      assert.deepEqual(
        stdout.split("\n").filter((name) => /\/copy(-|$)/.test(name)),
        [],
      );
    });
    assert.notEqual((await platform.ask("copy")).status, 200);
  });
});
