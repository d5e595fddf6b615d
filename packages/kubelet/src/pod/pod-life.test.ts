import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, Events, type Pod, Pods, Secrets, Services } from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import { isReady, NODE, testPod, waitForPod } from "../testing/cluster.ts";
import { TEST_IMAGE, TEST_USER_IMAGE } from "../testing/test-image.ts";
import { TestNode } from "../testing/test-node.ts";

describe("kubelet", () => {
  let node: TestNode;
  let client: Client;

  before(async () => {
    node = await TestNode.start({ resyncSeconds: 1 });
    client = node.client;
  });
  after(() => node?.stop());

  /** Runs a Pod that ends by itself and returns what its main container wrote to its termination log. */
  async function result(pod: Pod): Promise<string> {
    const ended = await run(pod);
    const status = ended.status?.containerStatuses?.[0];
    assert.equal(ended.status?.phase, "Succeeded", JSON.stringify(ended.status));
    return status?.state?.terminated?.message ?? "";
  }

  async function run(pod: Pod): Promise<Stored<Pod>> {
    pod.spec!.restartPolicy ??= "Never";
    await client.create(Pods, pod);
    const found = await waitForPod(client, { name: pod.metadata!.name! }, (item) =>
      ["Succeeded", "Failed"].includes(item?.status?.phase ?? ""),
    );
    return found!;
  }

  async function events(name: string): Promise<string[]> {
    const { items } = await client.list(Events, { namespace: "default" });
    return items.filter((event) => event.involvedObject?.name === name).map((event) => event.reason ?? "");
  }

  it("environment comes from values, ConfigMaps, Secrets, fields, resources and Services", async () => {
    await client.create(ConfigMaps, {
      metadata: { name: "env", namespace: "default" },
      data: { A: "1", B: "2" },
    });
    await client.create(Secrets, {
      metadata: { name: "env", namespace: "default" },
      data: { password: Buffer.from("s3cret").toString("base64") },
    });
    await client.create(Services, {
      metadata: { name: "my-db", namespace: "default" },
      spec: { clusterIP: "None", ports: [{ port: 5432 }] },
    });
    const message = await result(
      testPod({
        name: "environment",
        script: 'echo "$A $X_B $PASSWORD $GREETING $NAME $CPU $FROM_IMAGE [$NONE]" > /dev/termination-log',
        container: {
          envFrom: [{ configMapRef: { name: "env" } }, { prefix: "X_", configMapRef: { name: "env" } }],
          resources: { limits: { cpu: "1500m", memory: "64Mi" } },
          env: [
            { name: "WHO", value: "world" },
            { name: "GREETING", value: "hello $(WHO) $$(WHO) $(UNKNOWN)" },
            { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "env", key: "password" } } },
            { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } },
            { name: "NONE", valueFrom: { configMapKeyRef: { name: "absent", key: "x", optional: true } } },
          ],
        },
      }),
    );
    assert.equal(message, "1 2 s3cret hello world $(WHO) $(UNKNOWN) environment 1500 yes []\n");
  });

  it("a missing ConfigMap shows CreateContainerConfigError, and the container starts once it is there", async () => {
    const env = [{ name: "LATE", valueFrom: { configMapKeyRef: { name: "late", key: "x" } } }];
    await client.create(Pods, testPod({ name: "late", container: { env } }));
    const waiting = await waitForPod(
      client,
      { name: "late" },
      (pod) => reason(pod) === "CreateContainerConfigError",
    );
    assert.equal(
      waiting?.status?.containerStatuses?.[0]?.state?.waiting?.message,
      'configmap "late" not found',
    );
    await client.create(ConfigMaps, { metadata: { name: "late", namespace: "default" }, data: { x: "1" } });
    await waitForPod(client, { name: "late" }, isReady);
    await client.delete(Pods, { namespace: "default", name: "late" }, { gracePeriodSeconds: 0 });
  });

  it("volumes hold ConfigMaps, Secrets, fields, memory and host paths, with subPath", async () => {
    await client.create(ConfigMaps, {
      metadata: { name: "files", namespace: "default" },
      data: { "a.txt": "A", "b.txt": "B" },
    });
    const message = await result(
      testPod({
        name: "volumes",
        script:
          'cat /config/a.txt /only/b.txt /one /info/labels /token/x > /tmp/all; echo " $(stat -L -c %a /secret/password) $(cat /secret/password) $(df -P /memory | tail -n 1 | sed "s/ .*//") $(cat /host/os-release | head -n 1 | wc -c)" >> /tmp/all; echo x > /scratch/x; cat /tmp/all > /dev/termination-log',
        container: {
          volumeMounts: [
            { name: "config", mountPath: "/config" },
            { name: "only", mountPath: "/only" },
            { name: "config", mountPath: "/one", subPath: "a.txt" },
            { name: "secret", mountPath: "/secret", readOnly: true },
            { name: "info", mountPath: "/info" },
            { name: "all", mountPath: "/token" },
            { name: "memory", mountPath: "/memory" },
            { name: "scratch", mountPath: "/scratch", subPath: "deep/er" },
            { name: "host", mountPath: "/host/os-release", readOnly: true },
          ],
        },
        spec: {
          volumes: [
            { name: "config", configMap: { name: "files" } },
            { name: "only", configMap: { name: "files", items: [{ key: "b.txt", path: "b.txt" }] } },
            { name: "secret", secret: { secretName: "env", defaultMode: 0o400 } },
            {
              name: "info",
              downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.name" } }] },
            },
            {
              name: "all",
              projected: {
                sources: [{ configMap: { name: "files", items: [{ key: "a.txt", path: "x" }] } }],
              },
            },
            { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
            { name: "scratch", emptyDir: {} },
            { name: "host", hostPath: { path: "/etc/os-release", type: "File" } },
          ],
        },
      }),
    );
    assert.match(message, /^ABAvolumesA 400 s3cret tmpfs \d+\n$/);
  });

  it("a subPath that leads out of its volume is refused", async () => {
    await client.create(
      Pods,
      testPod({
        name: "escape",
        spec: {
          volumes: [{ name: "v", emptyDir: {} }],
          initContainers: [
            {
              name: "link",
              image: TEST_IMAGE,
              imagePullPolicy: "Never",
              command: ["ln", "-s", "/etc", "/v/out"],
              volumeMounts: [{ name: "v", mountPath: "/v" }],
            },
          ],
        },
        container: { volumeMounts: [{ name: "v", mountPath: "/mnt", subPath: "out" }] },
      }),
    );
    const pod = await waitForPod(
      client,
      { name: "escape" },
      (item) => reason(item) === "CreateContainerConfigError",
    );
    assert.match(
      pod?.status?.containerStatuses?.[0]?.state?.waiting?.message ?? "",
      /leads out of its volume/,
    );
    await client.delete(Pods, { namespace: "default", name: "escape" }, { gracePeriodSeconds: 0 });
  });

  it("init containers run in order before the others, sidecars beside them", async () => {
    const volumeMounts = [{ name: "v", mountPath: "/v" }];
    const init = (name: string, script: string) => ({
      name,
      image: TEST_IMAGE,
      imagePullPolicy: "Never" as const,
      command: ["sh", "-c", script],
      volumeMounts,
    });
    const pod = await run(
      testPod({
        name: "init",
        script: "cat /v/log > /dev/termination-log",
        container: { volumeMounts },
        spec: {
          volumes: [{ name: "v", emptyDir: {} }],
          initContainers: [
            init("one", "echo one >> /v/log"),
            {
              ...init("beside", "echo beside >> /v/log; sleep 1000"),
              restartPolicy: "Always",
              startupProbe: { exec: { command: ["grep", "beside", "/v/log"] }, periodSeconds: 1 },
            },
            init("two", "echo two >> /v/log"),
          ],
        },
      }),
    );
    assert.equal(pod.status?.phase, "Succeeded");
    assert.equal(pod.status?.containerStatuses?.[0]?.state?.terminated?.message, "one\nbeside\ntwo\n");
    assert.ok(pod.status?.initContainerStatuses?.[1]?.state?.terminated !== undefined);
  });

  it("a failed init container of a Pod that never restarts fails the Pod", async () => {
    const pod = await run(
      testPod({
        name: "init-fails",
        spec: {
          initContainers: [{ name: "no", image: TEST_IMAGE, imagePullPolicy: "Never", command: ["false"] }],
        },
      }),
    );
    assert.equal(pod.status?.phase, "Failed");
    assert.equal(pod.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 1);
  });

  it("a container that ends is restarted at once, then waits as CrashLoopBackOff with its last words", async () => {
    const script = "echo out of luck; exit 3";
    await client.create(
      Pods,
      testPod({ name: "crash", script, container: { terminationMessagePolicy: "FallbackToLogsOnError" } }),
    );
    const pod = await waitForPod(client, { name: "crash" }, (item) => reason(item) === "CrashLoopBackOff");
    const status = pod!.status!.containerStatuses![0]!;
    assert.match(
      status.state!.waiting!.message!,
      /^back-off 10s restarting failed container=main pod=crash_default/,
    );
    assert.equal(status.lastState?.terminated?.exitCode, 3);
    assert.equal(status.lastState?.terminated?.reason, "Error");
    assert.equal(status.lastState?.terminated?.message, "out of luck\n");
    assert.equal(status.restartCount, 1);
    assert.equal(pod?.status?.phase, "Running");
    await client.delete(Pods, { namespace: "default", name: "crash" }, { gracePeriodSeconds: 0 });
  });

  it("restart policy decides the phase of a Pod that has ended", async () => {
    const failed = await run(testPod({ name: "fails", script: "exit 7" }));
    assert.equal(failed.status?.phase, "Failed");
    assert.equal(failed.status?.conditions?.find((item) => item.type === "Ready")?.reason, "PodFailed");
    const done = await run(testPod({ name: "done", script: "exit 0", spec: { restartPolicy: "OnFailure" } }));
    assert.equal(done.status?.phase, "Succeeded");
    assert.equal(done.status?.containerStatuses?.[0]?.state?.terminated?.reason, "Completed");
  });

  it("an image that is not there is said by Kubernetes' reasons", async () => {
    await client.create(
      Pods,
      testPod({ name: "never", container: { image: "registry.test.internal/none:1" } }),
    );
    await waitForPod(client, { name: "never" }, (pod) => reason(pod) === "ErrImageNeverPull");
    await client.create(Pods, testPod({ name: "bad-name", container: { image: "Not An Image" } }));
    await waitForPod(client, { name: "bad-name" }, (pod) => reason(pod) === "InvalidImageName");
    const absent = { image: "127.0.0.1:1/none:1", imagePullPolicy: "IfNotPresent" as const };
    await client.create(Pods, testPod({ name: "absent", container: absent }));
    await waitForPod(client, { name: "absent" }, (pod) => reason(pod) === "ErrImagePull");
    await waitForPod(client, { name: "absent" }, (pod) => reason(pod) === "ImagePullBackOff");
    for (const name of ["never", "bad-name", "absent"])
      await client.delete(Pods, { namespace: "default", name });
    await waitForPod(client, { name: "absent" }, (pod) => pod === undefined);
  });

  it("a command that does not exist is a StartError", async () => {
    const pod = await run(testPod({ name: "no-command", container: { command: ["/no/such/program"] } }));
    const status = pod.status?.containerStatuses?.[0];
    assert.equal(status?.state?.terminated?.exitCode, 128);
    assert.match(status?.state?.terminated?.message ?? "", /no such file or directory/);
  });

  it("security context: user, groups, read-only root, capabilities, no new privileges", async () => {
    const message = await result(
      testPod({
        name: "security",
        script:
          'id > /v/out; touch /x 2>/dev/null && echo writable >> /v/out; grep -E "NoNewPrivs|CapEff" /proc/self/status >> /v/out; stat -c %g /v >> /v/out; cat /v/out > /dev/termination-log',
        spec: {
          securityContext: { runAsUser: 1000, runAsGroup: 1001, fsGroup: 2000 },
          volumes: [{ name: "v", emptyDir: {} }],
        },
        container: {
          volumeMounts: [{ name: "v", mountPath: "/v" }],
          securityContext: {
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      }),
    );
    assert.match(message, /uid=1000\(app\) gid=1001 groups=1001,2000/);
    assert.doesNotMatch(message, /writable/);
    assert.match(message, /CapEff:\s+0+\n/);
    assert.match(message, /NoNewPrivs:\s+1/);
    assert.match(message, /\n2000\n$/);
  });

  it("runAsNonRoot refuses an image that runs as root", async () => {
    const securityContext = { runAsNonRoot: true };
    await client.create(Pods, testPod({ name: "root", container: { securityContext } }));
    await waitForPod(client, { name: "root" }, (pod) => reason(pod) === "CreateContainerConfigError");
    await client.create(
      Pods,
      testPod({ name: "named", container: { image: TEST_USER_IMAGE, securityContext } }),
    );
    const pod = await waitForPod(
      client,
      { name: "named" },
      (item) => reason(item) === "CreateContainerConfigError",
    );
    assert.match(pod!.status!.containerStatuses![0]!.state!.waiting!.message!, /non-numeric user \(app\)/);
    for (const name of ["root", "named"])
      await client.delete(Pods, { namespace: "default", name }, { gracePeriodSeconds: 0 });
  });

  it("memory beyond the limit is OOMKilled, and CPU and memory are in the Pod's cgroup", async () => {
    const resources = { limits: { memory: "32Mi", cpu: "500m" } };
    const pod = await run(
      testPod({
        name: "oom",
        container: { resources, command: ["perl", "-e", "my $x = 'a' x (200 * 1024 * 1024); sleep 5"] },
      }),
    );
    assert.equal(pod.status?.qosClass, "Guaranteed");
    assert.equal(pod.status?.containerStatuses?.[0]?.state?.terminated?.reason, "OOMKilled");
    assert.equal(pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 137);
  });

  it("preStop runs before the container is told to end", async () => {
    const pod = testPod({
      name: "hooks",
      script: 'trap "cat /v/log > /dev/termination-log; exit 0" TERM; while true; do sleep 0.1; done',
      spec: { volumes: [{ name: "v", emptyDir: {} }], terminationGracePeriodSeconds: 20 },
      container: {
        volumeMounts: [{ name: "v", mountPath: "/v" }],
        lifecycle: {
          postStart: { exec: { command: ["sh", "-c", "echo started >> /v/log"] } },
          preStop: { exec: { command: ["sh", "-c", "echo stopping >> /v/log"] } },
        },
      },
    });
    await client.create(Pods, pod);
    await waitForPod(client, { name: "hooks" }, isReady);
    await client.delete(Pods, { namespace: "default", name: "hooks" });
    let last: Stored<Pod> | undefined;
    await waitForPod(client, { name: "hooks" }, (item) => {
      last = item ?? last;
      return item === undefined;
    });
    assert.equal(last?.status?.containerStatuses?.[0]?.state?.terminated?.message, "started\nstopping\n");
    assert.ok((await events("hooks")).includes("Killing"));
  });

  it("activeDeadlineSeconds fails the Pod with DeadlineExceeded", async () => {
    const pod = await run(testPod({ name: "deadline", spec: { activeDeadlineSeconds: 1 } }));
    assert.equal(pod.status?.phase, "Failed");
    assert.equal(pod.status?.reason, "DeadlineExceeded");
  });

  it("a Pod is ready only while its readiness probe succeeds, and restarted when its liveness probe fails", async () => {
    let ready = 200;
    let live = 200;
    const web: Server = createServer((request, response) => {
      response.writeHead(request.url === "/live" ? live : ready).end();
    });
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const { port } = web.address() as AddressInfo;
    try {
      const probe = (path: string) => ({
        httpGet: { path, port, host: "127.0.0.1" },
        periodSeconds: 1,
        failureThreshold: 1,
      });
      ready = 503;
      await client.create(
        Pods,
        testPod({
          name: "probed",
          container: { readinessProbe: probe("/ready"), livenessProbe: probe("/live") },
        }),
      );
      const unready = await waitForPod(
        client,
        { name: "probed" },
        (pod) => pod?.status?.containerStatuses?.[0]?.started === true,
      );
      assert.equal(isReady(unready), false);
      ready = 200;
      await waitForPod(client, { name: "probed" }, isReady);
      ready = 500;
      await waitForPod(client, { name: "probed" }, (pod) => !isReady(pod));
      ready = 200;
      live = 500;
      await waitForPod(
        client,
        { name: "probed" },
        (pod) => (pod?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0,
      );
      live = 200;
      await waitForPod(client, { name: "probed" }, isReady);
      assert.ok((await events("probed")).includes("Unhealthy"));
    } finally {
      web.close();
      await client.delete(Pods, { namespace: "default", name: "probed" }, { gracePeriodSeconds: 0 });
    }
  });

  it("hostname, hosts and resolv.conf follow the Pod", async () => {
    const message = await result(
      testPod({
        name: "names",
        script:
          "grep -h -E '10.1.2.3|nameserver|options|search' /etc/hosts /etc/resolv.conf > /dev/termination-log",
        spec: {
          hostAliases: [{ ip: "10.1.2.3", hostnames: ["db", "db.internal"] }],
          dnsPolicy: "None",
          dnsConfig: {
            nameservers: ["10.9.9.9"],
            searches: ["a.b"],
            options: [{ name: "ndots", value: "2" }],
          },
        },
      }),
    );
    assert.equal(message, "10.1.2.3\tdb\tdb.internal\nsearch a.b\nnameserver 10.9.9.9\noptions ndots:2\n");
  });

  it("a running Pod sees a ConfigMap change, all its files at one instant", async () => {
    const data = (value: string) => ({
      metadata: { name: "live", namespace: "default" },
      data: { a: value, b: value },
    });
    await client.create(ConfigMaps, data("old"));
    const script = "until grep -q new /c/a; do sleep 0.05; done; cat /c/a /c/b > /dev/termination-log";
    const pod = testPod({
      name: "live",
      script,
      spec: { restartPolicy: "Never", volumes: [{ name: "c", configMap: { name: "live" } }] },
      container: { volumeMounts: [{ name: "c", mountPath: "/c" }] },
    });
    await client.create(Pods, pod);
    await waitForPod(client, { name: "live" }, isReady);
    await client.update(ConfigMaps, data("new"));
    const ended = await waitForPod(client, { name: "live" }, (item) => item?.status?.phase === "Succeeded");
    assert.equal(ended?.status?.containerStatuses?.[0]?.state?.terminated?.message, "newnew");
  });

  it("a Pod that is deleted while it starts is gone without ever having run to its end", async () => {
    await client.create(Pods, testPod({ name: "short", spec: { terminationGracePeriodSeconds: 30 } }));
    await client.delete(Pods, { namespace: "default", name: "short" }, { gracePeriodSeconds: 0 });
    await waitForPod(client, { name: "short" }, (pod) => pod === undefined);
    await client.create(Pods, testPod({ name: "short", script: "sleep 1000" }));
    const pod = await waitForPod(client, { name: "short" }, isReady);
    assert.equal(pod?.spec?.nodeName, NODE);
  });
});

function reason(pod: Stored<Pod> | undefined): string | undefined {
  return pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
}
