import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { startPlatform, type TestPlatform } from "./support/platform.ts";
import { type Ended, eventually } from "./support/process.ts";
import { except } from "./support/target.ts";

const SERVER =
  "require('node:http').createServer((q,s)=>s.end(process.env.HOSTNAME+'\\\\n')).listen(8080,()=>console.log('listening'))";

/** The image is the platform's own: Debian with Node. */
const manifestWith = (image: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {part: web}}
data: {colour: red}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, labels: {part: web}}
stringData: {token: geheim}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {part: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, part: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: ${image}
          command: [node, -e, "${SERVER}"]
          env:
            - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: token}}}
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: batch/v1
kind: Job
metadata: {name: sum, labels: {part: web}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: sum, image: ${image}, command: [node, -p, "20+22"]}]
`;

describe("kubectl", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startPlatform();
    await platform.kubectl(["create", "namespace", "k"]);
  });
  after(async () => {
    await platform?.kubectl(["delete", "namespace", "k", "--wait=false"]);
    await platform?.stop();
  });

  const run = (args: readonly string[], input?: string): Promise<Ended> =>
    platform.kubectl(["-n", "k", ...args], input === undefined ? {} : { input });
  const ok = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(args);
    assert.equal(exitCode, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  };

  it("apply creates and then leaves unchanged", async () => {
    const first = await run(["apply", "-f", "-"], manifestWith(`${platform.images}/jdos/base:12`));
    assert.equal(first.exitCode, 0, first.stderr);
    assert.deepEqual(first.stdout.trim().split("\n"), [
      "configmap/settings created",
      "secret/keys created",
      "deployment.apps/web created",
      "job.batch/sum created",
    ]);
    const second = await run(["apply", "-f", "-"], manifestWith(`${platform.images}/jdos/base:12`));
    assert.match(second.stdout, /deployment\.apps\/web unchanged/);
  });

  it("rollout status and wait follow to the end", async () => {
    assert.match(await ok("rollout", "status", "deployment/web", "--timeout=60s"), /successfully rolled out/);
    assert.match(await ok("wait", "--for=condition=complete", "job/sum", "--timeout=60s"), /condition met/);
    assert.equal((await ok("logs", "job/sum")).trim(), "42");
  });

  it("get prints tables, wide tables, yaml, json, by label and in all namespaces", async () => {
    assert.match(await ok("get", "deployments"), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2/);
    assert.match(
      await ok("get", "pods", "-l", "app=web", "-o", "wide"),
      /NODE +NOMINATED NODE +READINESS GATES[\s\S]*Running/,
    );
    assert.match(await ok("get", "configmap", "settings", "-o", "yaml"), /colour: red/);
    assert.equal(
      JSON.parse(await ok("get", "secret", "keys", "-o", "json")).data.token,
      Buffer.from("geheim").toString("base64"),
    );
    assert.match(await ok("get", "pods", "-A"), /^NAMESPACE +NAME[\s\S]*\nk +web-/);
    assert.match(await ok("get", "all", "-l", "part=web"), /deployment\.apps\/web/);
  });

  it(
    "no Service of the platform waits for an address that it never gets",
    except("kubernetes", "a cluster's registry is no Service of the platform"),
    async () => {
      await eventually(async () => {
        const { stdout } = await platform.kubectl(["get", "services", "-n", "jdos-system"]);
        assert.match(stdout, /^registry-outside +LoadBalancer +\S+ +127\.0\.0\.1 +\d+\/TCP /m);
        assert.doesNotMatch(stdout, /<pending>/);
      });
    },
  );

  it("describe tells the story, events included", async () => {
    const [pod] = (await ok("get", "pods", "-l", "app=web", "-o", "name")).trim().split("\n");
    const story = await ok("describe", pod!);
    for (const part of [
      /Node: +\S+/,
      /IP: +10\./,
      /COLOUR: +<set to the key 'colour' of config map 'settings'>/,
      /Started +/,
    ])
      assert.match(story, part);
    assert.match(await ok("describe", "deployment", "web"), /ScalingReplicaSet/);
  });

  it("exec, logs -f and port-forward reach the container", async () => {
    assert.equal(await ok("exec", "deploy/web", "--", "sh", "-c", "echo $COLOUR $TOKEN"), "red geheim\n");
    const failed = await run(["exec", "deploy/web", "--", "sh", "-c", "exit 4"]);
    assert.equal(failed.exitCode, 4);
    assert.match(await ok("logs", "-l", "app=web"), /listening/);
    assert.equal(await follow(platform, ["-n", "k", "logs", "-f", "deploy/web"], /listening/), true);
  });

  it("patch, scale and expose change what runs", async () => {
    await ok("patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"colour":"blue"}}');
    await ok(
      "patch",
      "deployment",
      "web",
      "-p",
      '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"EXTRA","value":"1"}]}]}}}}',
    );
    await ok("rollout", "status", "deployment/web", "--timeout=60s");
    assert.equal(await ok("exec", "deploy/web", "--", "sh", "-c", "echo $COLOUR $EXTRA"), "blue 1\n");
    await ok("scale", "deployment/web", "--replicas=3");
    await ok("rollout", "status", "deployment/web", "--timeout=60s");
    await ok("expose", "deployment", "web", "--port=80", "--target-port=8080");
    const answer = await eventually(
      () =>
        ok(
          "exec",
          "deploy/web",
          "--",
          "node",
          "-e",
          "fetch('http://web').then(r=>r.text()).then(t=>process.stdout.write(t))",
        ),
      20,
    );
    assert.match(answer, /^web-/);
    assert.match(await ok("rollout", "history", "deployment/web"), /REVISION/);
    await ok("rollout", "undo", "deployment/web");
    await ok("rollout", "status", "deployment/web", "--timeout=60s");
  });

  it("get -w prints what comes", async () => {
    const seen = follow(platform, ["-n", "k", "get", "configmaps", "-w"], /late/);
    await ok("create", "configmap", "late");
    assert.equal(await seen, true);
  });

  it("jdos.io kinds are kinds like any other", async () => {
    const manifest =
      "apiVersion: jdos.io/v1\nkind: System\nmetadata: {name: books}\nspec: {displayName: Books}\n";
    assert.match(
      (await run(["apply", "-f", "-"], manifest)).stdout,
      /system\.jdos\.io\/books (created|unchanged)/,
    );
    await ok("wait", "--for=condition=Ready", "system/books", "--timeout=30s");
    assert.match(await ok("get", "systems"), /books/);
    assert.match(await ok("explain", "application.spec.replicas"), /Running Pods|replicas/i);
    const invalid = await run(
      ["apply", "-f", "-"],
      "apiVersion: jdos.io/v1\nkind: Application\nmetadata: {name: a}\nspec: {replicas: many}\n",
    );
    assert.equal(invalid.exitCode, 1);
    assert.match(invalid.stderr, /spec\.replicas/);
    await ok("delete", "system", "books");
  });

  it("errors are kubectl's: unknown kinds, taken names, invalid fields", async () => {
    assert.match(
      (await run(["get", "unicorns"])).stderr,
      /the server doesn't have a resource type "unicorns"/,
    );
    assert.match(
      (await run(["create", "configmap", "settings"])).stderr,
      /configmaps "settings" already exists/,
    );
    assert.match((await run(["get", "pod", "none"])).stderr, /NotFound.*pods "none" not found/);
    const invalid = await run(
      ["apply", "-f", "-"],
      "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 99999}]}\n",
    );
    assert.match(invalid.stderr, /spec\.ports\[0\]\.port: Invalid value: 99999/);
  });

  it("delete takes a Deployment's Pods with it", async () => {
    await ok("delete", "deployment", "web", "--timeout=30s");
    // A kubelet of Kubernetes 1.20 may let a Pod go only when it collects what is dead: once a minute.
    await eventually(async () => assert.equal(await ok("get", "pods", "-l", "app=web", "-o", "name"), ""));
  });
});

/** Starts kubectl, waits for a text in its output, and ends it. */
async function follow(platform: TestPlatform, args: readonly string[], text: RegExp): Promise<boolean> {
  const child = spawn("kubectl", args, {
    env: { ...process.env, KUBECONFIG: platform.kubeconfig },
    stdio: ["ignore", "pipe", "inherit"],
    signal: AbortSignal.timeout(30_000),
  });
  child.on("error", () => {});
  let output = "";
  for await (const chunk of child.stdout) {
    output += chunk;
    if (!text.test(output)) continue;
    child.kill();
    return true;
  }
  return false;
}
