import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { EndpointSlices, Namespaces, Secrets, Services } from "@jdos/api";
import { PROOF_HEADER } from "@jdos/api/platform-api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import { createCertificateAuthority, issueCertificate } from "@jdos/component-base";
import { WebSocketServer } from "ws";
import { CHANNEL, onChannel } from "../exec/channels.ts";
import { type FakePlatform, runCli, startFakePlatform } from "../testing/fake-platform.ts";

const TOKENS = new Map([
  ["token-of-root", { name: "root", groups: ["system:masters"] }],
  ["token-of-ada", { name: "ada", groups: [] }],
]);
const metadata = { name: "platform-api", namespace: "jdos-system" };

describe("commands with --kubeconfig", () => {
  let server: TestServer;
  let platform: FakePlatform;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-cli-"));
    server = await startTestServer({ https: true, options: { staticTokens: TOKENS } });
    platform = await startFakePlatform({
      "GET /api/v1/systems": { items: [] },
      "PUT /api/v1/systems/demo/apps/hello/scale": {
        system: "demo",
        application: "hello",
        generation: 1,
        changed: true,
      },
    });
    const client = server.adminClient();
    await client.create(Namespaces, { metadata: { name: "jdos-system" } });
  });
  after(async () => {
    await platform.stop();
    await server.stop();
    await rm(directory, { recursive: true });
  });

  async function kubeconfig(name: string, user: object, address = server.url): Promise<string> {
    const path = join(directory, name);
    const config = {
      "current-context": "one",
      contexts: [{ name: "one", context: { cluster: "c", user: "u" } }],
      clusters: [
        {
          name: "c",
          cluster: {
            server: address,
            "certificate-authority-data": Buffer.from(server.caPem).toString("base64"),
          },
        },
      ],
      users: [{ name: "u", user }],
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  it("a cluster without JDOS is named as such, by certificate and by token", async () => {
    const byCertificate = await runCli(["system", "list", "--kubeconfig", server.adminKubeconfig], undefined);
    assert.match(byCertificate.stderr, /^NotInstalled: .*\nhint: Install it/);
    const token = await kubeconfig("early", { token: "token-of-root" });
    const byToken = await runCli(["system", "list", "--kubeconfig", token], undefined);
    assert.match(byToken.stderr, /^NotInstalled: /);
    await serve();
  });

  it("a client certificate shows the administrator's token of the Secret, a token shows itself", async () => {
    const byCertificate = await runCli(
      ["system", "list", "-o", "json", "--kubeconfig", server.adminKubeconfig],
      undefined,
    );
    assert.equal(byCertificate.exitCode, 0, byCertificate.stderr);
    assert.equal(platform.seen.at(-1)?.headers[PROOF_HEADER], "Bearer administrators-token");
    assert.equal(platform.seen.at(-1)?.headers.authorization, undefined);
    const token = await kubeconfig("token", { token: "token-of-root" });
    const byToken = await runCli(
      ["scale", "-s", "demo", "-a", "hello", "--replicas", "2", "--no-wait", "--kubeconfig", token],
      undefined,
    );
    assert.equal(byToken.exitCode, 0, byToken.stderr);
    assert.equal(platform.seen.at(-1)?.headers[PROOF_HEADER], "Bearer token-of-root");
    assert.match(platform.seen.at(-1)?.body ?? "", /"replicas":2/);
  });

  it("a credential plug-in's token opens the cluster and shows itself to the platform", async () => {
    const plugIn = await kubeconfig("plug-in", {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "printf",
        args: ["%s", '{"status":{"token":"token-of-root"}}'],
      },
    });
    const ran = await runCli(["system", "list", "-o", "json", "--kubeconfig", plugIn], undefined);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.equal(platform.seen.at(-1)?.headers[PROOF_HEADER], "Bearer token-of-root");
  });

  it("who may not go through services/proxy, or not read the Secret, is told what is missing", async () => {
    const token = await kubeconfig("ada", { token: "token-of-ada" });
    const byToken = await runCli(["system", "list", "--kubeconfig", token], undefined);
    assert.match(
      byToken.stderr,
      /^Forbidden: .*services "http:platform-api:80" is forbidden.*\nhint: .*jdos-person/,
    );
    const { certPem, keyPem } = await server.certificateFor({ name: "ada" });
    const certificate = await kubeconfig("ada-cert", {
      "client-certificate-data": Buffer.from(certPem).toString("base64"),
      "client-key-data": Buffer.from(keyPem).toString("base64"),
    });
    const byCertificate = await runCli(["system", "list", "--kubeconfig", certificate], undefined);
    assert.match(byCertificate.stderr, /^Forbidden: .*may not read Secret jdos-system\/platform-api-admin/);
  });

  it("exec's WebSocket goes through the API server, with the command's exit code", async () => {
    const sockets = new WebSocketServer({
      server: platform.server,
      handleProtocols: () => "v4.channel.k8s.io",
    });
    sockets.on("connection", (socket) => {
      socket.send(onChannel(CHANNEL.stdout, Buffer.from("out of the Pod")));
      socket.send(
        onChannel(
          CHANNEL.error,
          Buffer.from(
            '{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}',
          ),
        ),
      );
      socket.close();
    });
    const ran = await runCli(
      ["exec", "-s", "demo", "-a", "hello", "--kubeconfig", server.adminKubeconfig, "--", "true"],
      undefined,
    );
    assert.deepEqual([ran.exitCode, ran.stdout], [7, "out of the Pod"], ran.stderr);
    for (const client of sockets.clients) client.terminate();
  });

  it("an unreachable cluster, another authority and an expired certificate are told apart", async () => {
    const unreachable = await kubeconfig("gone", { token: "token-of-root" }, "https://127.0.0.1:1");
    assert.match(
      (await runCli(["system", "list", "--kubeconfig", unreachable], undefined)).stderr,
      /^ClusterUnreachable: .*127\.0\.0\.1:1: nothing listens there \(ECONNREFUSED\)\nhint: /,
    );
    const other = await startTestServer({ https: true });
    const untrusted = await kubeconfig("other", { token: "token-of-root" }, other.url);
    assert.match(
      (await runCli(["system", "list", "--kubeconfig", untrusted], undefined)).stderr,
      /^CertificateRefused: /,
    );
    await other.stop();
    const authority = await createCertificateAuthority();
    const { certPem, keyPem } = await issueCertificate(authority, {
      commonName: "ada",
      usages: ["client"],
      days: -1,
    });
    const expired = await kubeconfig("expired", {
      "client-certificate-data": Buffer.from(certPem).toString("base64"),
      "client-key-data": Buffer.from(keyPem).toString("base64"),
    });
    assert.match(
      (await runCli(["system", "list", "--kubeconfig", expired], undefined)).stderr,
      /^CertificateExpired: .*client certificate was valid until/,
    );
  });

  async function serve(): Promise<void> {
    const client = server.adminClient();
    await client.create(Secrets, {
      metadata: { name: "platform-api-admin", namespace: "jdos-system" },
      data: { token: Buffer.from("administrators-token").toString("base64") },
    });
    await client.create(Services, { metadata, spec: { ports: [{ name: "http", port: 80 }] } });
    await client.create(EndpointSlices, {
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "platform-api" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
      ports: [{ name: "http", port: Number(new URL(platform.url).port), protocol: "TCP" }],
    } as never);
  }
});
