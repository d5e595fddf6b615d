import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  ClusterRoleBindings,
  ClusterRoles,
  JDOS_DEFINITIONS,
  Namespaces,
  type PlatformStatus,
  Systems,
} from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import { sendSource } from "@jdos/component-base/source-upload";
import { accountKubeconfig, type StartedPart, startPart } from "@jdos/controller-runtime/testing";
import { senderOf } from "./testing/sender.ts";
import {
  BASIC_CREDENTIAL,
  registryMissing,
  startBasicRegistry,
  type TestRegistry,
} from "./testing/start-registry.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const ADMIN = "administrator-token-of-this-test";
const ANN = "the-token-of-ann-who-is-nobody";

describe("platform-api as a process", { skip: registryMissing() }, () => {
  let server: TestServer;
  let registry: TestRegistry;
  let directory: string;
  let part: StartedPart;
  let url: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-platform-"));
    server = await startTestServer({ https: true, crds: JDOS_DEFINITIONS });
    registry = await startBasicRegistry();
    const client = server.adminClient();
    const account = { namespace: "jdos-system", name: "platform-api" };
    const at = { client, url: server.url, caPem: server.caPem };
    const kubeconfig = await accountKubeconfig(at, { ...account, directory });
    // What docs/cluster-processes.md names, and no more: nothing here may become system:masters.
    await bind(
      "platform-api",
      [{ kind: "ServiceAccount", ...account }],
      [
        impersonate("users", ["admin", "ann"]),
        impersonate("groups", ["jdos:admins", "system:authenticated", "readers"]),
      ],
    );
    await bind(
      "admins",
      [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "jdos:admins" }],
      [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
    );
    await client.create(Namespaces, { metadata: { name: "demo" } });
    await client.create(Systems, { metadata: { name: "demo" }, spec: {} });
    const write = async (name: string, content: string): Promise<string> => {
      await writeFile(join(directory, name), content);
      return join(directory, name);
    };
    const host = new URL(registry.url).host;
    const users = [{ name: "ann", groups: ["readers"], token: ANN }];
    const auths = { [host]: BASIC_CREDENTIAL };
    part = startPart(MAIN, [
      ...["--kubeconfig", kubeconfig, "--listen-address", "127.0.0.1:0"],
      ...["--admin-token-file", await write("token", `${ADMIN}\n`), "--admin-group", "jdos:admins"],
      ...["--users-file", await write("users.json", JSON.stringify(users))],
      ...["--registry", `${host}/team/jdos`, "--registry-url", registry.url],
      ...["--registry-credentials", await write("config.json", JSON.stringify({ auths }))],
    ]);
    url = String((await part.said("Serving the platform API")).url);
    await part.ready();
  });
  after(async () => {
    part?.kill("SIGKILL");
    await part?.ended;
    await registry?.stop();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const impersonate = (resource: string, resourceNames: string[]) => ({
    apiGroups: [""],
    resources: [resource],
    verbs: ["impersonate"],
    resourceNames,
  });

  async function bind(name: string, subjects: object[], rules: object[]): Promise<void> {
    const client = server.adminClient();
    await client.create(ClusterRoles, { metadata: { name }, rules: rules as never });
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
    await client.create(ClusterRoleBindings, { metadata: { name }, roleRef, subjects: subjects as never });
  }

  const status = (headers: Record<string, string>) => fetch(`${url}/api/v1/status`, { headers });

  it("takes the token in X-Jdos-Authorization as in Authorization, and that of no one else", async () => {
    for (const headers of [
      { authorization: `Bearer ${ADMIN}` },
      { "x-jdos-authorization": `Bearer ${ADMIN}` },
    ]) {
      const answer = await status(headers as never);
      assert.equal(answer.status, 200);
      assert.equal(((await answer.json()) as PlatformStatus).person, "admin");
    }
    assert.equal((await status({ "x-jdos-authorization": "Bearer nonsense" })).status, 401);
    assert.equal((await status({})).status, 401);
    const wrongFirst = { "x-jdos-authorization": "Bearer nonsense", authorization: `Bearer ${ADMIN}` };
    assert.equal((await status(wrongFirst)).status, 401);
  });

  it("acts as who asks, with that person's rights", async () => {
    assert.equal((await status({ "x-jdos-authorization": `Bearer ${ANN}` })).status, 403);
  });

  it("brings an upload to any registry, below its path, with the credential given", async () => {
    const { digest } = await sendSource({
      ...senderOf(Buffer.from("content"), () => url, ADMIN),
      signal: AbortSignal.timeout(60_000),
    });
    const { username, password } = BASIC_CREDENTIAL;
    const manifest = await fetch(`${registry.url}/v2/team/jdos/demo/hello/manifests/${digest}`, {
      headers: {
        authorization: `Basic ${btoa(`${username}:${password}`)}`,
        accept: "application/vnd.oci.image.manifest.v1+json",
      },
    });
    assert.equal(manifest.status, 200);
    await manifest.body?.cancel();
  });

  it("says that the registry refuses when its credential is out of date", async () => {
    const host = new URL(registry.url).host;
    const auths = { [host]: { ...BASIC_CREDENTIAL, password: "old" } };
    await writeFile(join(directory, "config.json"), JSON.stringify({ auths }));
    const answer = await fetch(`${url}/api/v1/systems/demo/apps/hello/source/missing`, {
      method: "POST",
      headers: { "x-jdos-authorization": `Bearer ${ADMIN}`, "content-type": "application/json" },
      body: JSON.stringify({ parts: [{ digest: `sha256:${"0".repeat(64)}`, sizeBytes: 1 }] }),
    });
    assert.equal(answer.status, 502);
    assert.match(((await answer.json()) as { message: string }).message, /HTTP 401/);
  });

  it("issues no registry tokens when the registry is not its own", async () => {
    assert.equal((await fetch(`${url}/registry/token?service=registry.jdos.internal`)).status, 404);
  });

  it("ends with 0 at SIGTERM", async () => {
    part.kill("SIGTERM");
    assert.equal(await part.ended, 0);
  });

  it("says which option is missing", async () => {
    const kubeconfig = server.adminKubeconfig;
    const without = startPart(MAIN, ["--kubeconfig", kubeconfig]);
    assert.equal(await without.ended, 1);
    assert.match(
      without.text(),
      /^InvalidOption: Cannot start the platform API: --admin-token-file is not given$/m,
    );
  });
});
