import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Duplex } from "node:stream";
import { after, before, describe, it } from "node:test";
import { ClusterRoleBindings, ClusterRoles, Pods, ServiceAccounts } from "@jdos/api";
import type { Client } from "@jdos/client";
import { createCertificateAuthority, issueCertificate } from "@jdos/component-base";
import { isReady, testPod, waitForPod } from "../testing/cluster.ts";
import { TestNode } from "../testing/test-node.ts";

describe("startKubeletServer()", () => {
  let node: TestNode;
  let client: Client;

  before(async () => {
    node = await TestNode.start();
    client = node.client;
  });
  after(() => node?.stop());

  function get(
    path: string,
    tls: object = node.kubelet.clientTls,
    headers = {},
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const agent = new Agent({ ...tls, rejectUnauthorized: true });
      const call = request(
        { host: "127.0.0.1", port: node.kubelet.port, path, agent, headers },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => (body += chunk));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      call.on("error", reject);
      call.end();
    });
  }

  /** Opens a stream in the runtime's WebSocket protocol: each message begins with the channel it belongs to. */
  function openStream(path: string): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const call = request({
        host: "127.0.0.1",
        port: node.kubelet.port,
        path,
        agent: new Agent(node.kubelet.clientTls),
        headers: {
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": randomBytes(16).toString("base64"),
          "sec-websocket-protocol": "v4.channel.k8s.io",
        },
      });
      call.on("upgrade", (response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        assert.equal(response.statusCode, 101);
        resolve(socket);
      });
      call.on("response", (response) => reject(new Error(`answered ${response.statusCode}`)));
      call.on("error", reject);
      call.end();
    });
  }

  async function channels(socket: Duplex): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    let rest = Buffer.alloc(0);
    for await (const chunk of socket) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      while (rest.length >= 2) {
        const long = (rest[1]! & 0x7f) === 126;
        if (long && rest.length < 4) break;
        const start = long ? 4 : 2;
        const end = start + (long ? rest.readUInt16BE(2) : rest[1]! & 0x7f);
        if (rest.length < end) break;
        const payload = rest.subarray(start, end);
        if ((rest[0]! & 0x0f) === 8) return found;
        if (payload.length > 1)
          found.set(payload[0]!, (found.get(payload[0]!) ?? "") + payload.toString("utf8", 1));
        rest = rest.subarray(end);
      }
    }
    return found;
  }

  function frame(channel: number, text: string): Buffer {
    const payload = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
    const mask = randomBytes(4);
    const masked = payload.map((byte, index) => byte ^ mask[index % 4]!);
    return Buffer.concat([Buffer.from([0x82, 0x80 | payload.length]), mask, masked]);
  }

  it("refuses a client whose certificate is another's, one that has none, and a token that nobody has", async () => {
    const stranger = await createCertificateAuthority();
    const { certPem, keyPem } = await issueCertificate(stranger, {
      commonName: "system:kube-apiserver",
      usages: ["client"],
    });
    const { ca } = node.kubelet.clientTls;
    const status = async (tls: object, headers = {}) => (await get("/healthz", tls, headers)).status;
    assert.equal(await status({ ca, cert: certPem, key: keyPem }), 401);
    assert.equal(await status({ ca }), 401);
    assert.equal(await status({ ca }, { authorization: "Bearer nobody's" }), 401);
    assert.deepEqual(await get("/healthz"), { status: 200, body: "ok" });
  });

  it("serves logs: all, the last lines, since, with times, limited, and of the previous container", async () => {
    await client.create(
      Pods,
      testPod({
        name: "talks",
        script:
          "for i in 1 2 3; do echo line $i; done; echo bad >&2; test -e /v/x && sleep 1000; touch /v/x; exit 1",
        spec: { volumes: [{ name: "v", emptyDir: {} }] },
        container: { volumeMounts: [{ name: "v", mountPath: "/v" }] },
      }),
    );
    await waitForPod(
      client,
      { name: "talks" },
      (pod) => isReady(pod) && pod?.status?.containerStatuses?.[0]?.restartCount === 1,
    );
    const logs = (query = "") => get(`/containerLogs/default/talks/main?${query}`);
    const whole = await logs();
    assert.deepEqual(whole.body.trim().split("\n").sort(), ["bad", "line 1", "line 2", "line 3"]);
    assert.equal((await logs("tailLines=2&stream=stdout")).body, "line 2\nline 3\n");
    assert.equal((await logs("limitBytes=4&stream=stdout")).body, "line");
    assert.equal((await logs("sinceTime=2999-01-01T00:00:00Z")).body, "");
    assert.match((await logs("timestamps=true&tailLines=1")).body, /^\d{4}-\d\d-\d\dT[\d:.]+\S+ \w+/);
    assert.match((await logs("previous=true")).body, /line 1/);
    assert.equal((await logs("tailLines=x")).status, 400);
    assert.equal((await get("/containerLogs/default/nobody/main")).status, 404);
    assert.equal((await get("/containerLogs/default/talks/other")).status, 400);
  });

  it("follows a log until the container ends", async () => {
    await client.create(
      Pods,
      testPod({ name: "follow", script: "echo one; sleep 0.5; echo two", spec: { restartPolicy: "Never" } }),
    );
    await waitForPod(
      client,
      { name: "follow" },
      (pod) => pod?.status?.containerStatuses?.[0]?.containerID !== undefined,
    );
    assert.equal((await get("/containerLogs/default/follow/main?follow=true")).body, "one\ntwo\n");
  });

  it("passes exec on with its output, its input and its exit code", async () => {
    const path =
      "/exec/default/talks/main?command=sh&command=-c&command=read%20x%3B%20echo%20got%20%24x%3B%20exit%203&stdin=1&stdout=1&stderr=1";
    const socket = await openStream(path);
    socket.write(frame(0, "hello\n"));
    const found = await channels(socket);
    assert.equal(found.get(1), "got hello\n");
    assert.match(found.get(3) ?? "", /"reason":"ExitCode","message":"3"/);
    await assert.rejects(openStream("/exec/default/talks/other?command=true&stdout=1"), /answered 400/);
  });

  it("forwards a port of the Pod", async () => {
    const echo = createServer((socket) => socket.end("pong"));
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    const { port } = echo.address() as AddressInfo;
    try {
      const socket = await openStream(`/portForward/default/talks?port=${port}`);
      socket.write(frame(0, "ping"));
      const found = await channels(socket);
      assert.match(found.get(0) ?? "", /pong$/);
    } finally {
      echo.close();
    }
  });

  it("serves the Pods, what they use, and metrics", async () => {
    const pods = JSON.parse((await get("/pods")).body) as { items: { metadata: { name: string } }[] };
    assert.ok(pods.items.some((item) => item.metadata.name === "talks"));
    const stats = JSON.parse((await get("/stats/summary")).body) as {
      pods: { podRef: { name: string }; containers: { memory?: { workingSetBytes: number } }[] }[];
    };
    const own = stats.pods.find((item) => item.podRef.name === "talks");
    assert.ok(own?.containers.some((item) => (item.memory?.workingSetBytes ?? 0) > 0));
    assert.match(
      (await get("/metrics/resource")).body,
      /container_cpu_usage_seconds_total\{container="main",namespace="default",pod="talks"\} /,
    );
    assert.match((await get("/metrics/resource")).body, /^node_cpu_usage_seconds_total \d/m);
    assert.match((await get("/metrics/resource")).body, /^node_memory_working_set_bytes \d{6,}$/m);
    assert.match((await get("/metrics")).body, /kubelet_running_pods \d/);
    assert.equal((await get("/nothing")).status, 404);
    assert.equal((await get("/metrics/nothing")).status, 404);
  });

  it("serves metrics, and nothing else, to a service account that may get nodes/metrics", async () => {
    const account = { namespace: "default", name: "scraper" };
    const tokenOf = async (name: string): Promise<string> => {
      const key = { namespace: "default", name };
      await client.create(ServiceAccounts, { metadata: key });
      const review = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" };
      const answer = await client.createSubresource(ServiceAccounts, key, "token", review);
      return (answer.status as { token: string }).token;
    };
    const asker = (token: string) => (path: string) =>
      get(path, { ca: node.kubelet.clientTls.ca }, { authorization: `Bearer ${token}` });
    const ask = asker(await tokenOf("scraper"));
    const api = "rbac.authorization.k8s.io";
    await client.create(ClusterRoles, {
      metadata: { name: "scraper" },
      rules: [{ apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] }],
    });
    await client.create(ClusterRoleBindings, {
      metadata: { name: "scraper" },
      roleRef: { apiGroup: api, kind: "ClusterRole", name: "scraper" },
      subjects: [{ kind: "ServiceAccount", ...account }],
    });
    assert.equal((await asker(await tokenOf("stranger"))("/metrics/cadvisor")).status, 403);
    const { status, body } = await ask("/metrics/cadvisor");
    assert.equal(status, 200);
    for (const name of ["cpu_usage_seconds_total", "memory_working_set_bytes", "memory_rss"])
      assert.match(
        body,
        new RegExp(`^container_${name}\\{container="main",namespace="default",pod="talks"\\} `, "m"),
      );
    assert.equal((await ask("/containerLogs/default/talks/main")).status, 403);
    assert.equal((await ask("/stats/summary")).status, 403);
  });
});
