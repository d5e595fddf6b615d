import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  Applications,
  Builds,
  ConfigMaps,
  Deployments,
  JDOS_DEFINITIONS,
  Jobs,
  Leases,
  Releases,
  RoleBindings,
  Roles,
  Secrets,
  Systems,
} from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { eventually } from "@jdos/component-base/testing";
import { accountKubeconfig, type StartedPart, startPart } from "@jdos/controller-runtime/testing";
import { applyRights } from "./testing/manifests.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const account = { namespace: "jdos-system", name: "platform-controllers" };
const DIGEST = `sha256:${"a".repeat(64)}`;
let server: TestServer;
let client: Client;
let directory: string;
let args: string[];
const parts: StartedPart[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-controllers-"));
  server = await startTestServer({ https: true, crds: JDOS_DEFINITIONS });
  client = server.adminClient();
  await applyRights(client);
  const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
  await client.create(Roles, {
    metadata: { ...account, name: "lease" },
    rules: [
      { ...leases, verbs: ["create"] },
      { ...leases, verbs: ["get", "update"], resourceNames: [account.name] },
    ],
  });
  await client.create(RoleBindings, {
    metadata: { ...account, name: "lease" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "lease" },
    subjects: [{ kind: "ServiceAccount", ...account }],
  });
  await client.create(ConfigMaps, {
    metadata: { name: "build-environment", namespace: "jdos-system" },
    data: { npmrc: "registry=http://npm.example.org/" },
  });
  const at = { client, url: server.url, caPem: server.caPem };
  await writeFile(
    join(directory, "config.json"),
    JSON.stringify({ auths: { "harbor.example.org": { username: "robot", password: "first" } } }),
  );
  args = [
    ...["--kubeconfig", await accountKubeconfig(at, { ...account, directory }), "--lease-seconds", "6"],
    ...["--registry", "harbor.example.org/team", "--registry-credentials", join(directory, "config.json")],
    ...["--builder-image", `harbor.example.org/team/jdos/platform@${DIGEST}`],
    ...["--builder-image-pull-policy", "IfNotPresent", "--build-confinement", "unconfined"],
    ...["--routes-domain", "apps.example.org", "--routes-port", "80", "--pod-scheduler", "jdos-scheduler"],
  ];
});

after(async () => {
  for (const part of parts) {
    part.kill("SIGKILL");
    await part.ended;
  }
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

function begin(): StartedPart {
  const part = startPart(MAIN, args);
  parts.push(part);
  return part;
}

const key = (name: string) => ({ namespace: "demo", name });

test("two replicas: the leader is killed while it works, the other takes over and nothing happens twice", async () => {
  const first = begin();
  await first.said("Started part");
  const second = begin();
  await second.ready();

  await client.create(Systems, { metadata: { name: "demo" }, spec: {} });
  await eventually(async () => {
    const { status } = await client.get(Systems, { name: "demo" });
    assert.ok(isConditionTrue(status?.conditions as never, "Ready"));
  });
  // Applications come while the leader is killed: some are its work, some its successor's.
  const names = Array.from({ length: 8 }, (_, n) => `app${n}`);
  const image = `harbor.example.org/team/demo/web@${DIGEST}`;
  for (const name of names) {
    await client.create(Applications, {
      metadata: key(name),
      spec: { source: { image: { reference: image } }, run: { env: [] } },
    });
    if (name === "app3") first.kill("SIGKILL");
  }
  await second.said("Started part");
  for (const name of names) await eventually(() => client.get(Deployments, key(name)));

  const releases = (await client.list(Releases, { namespace: "demo" })).items.map(
    ({ metadata }) => metadata.name,
  );
  assert.deepEqual(releases.sort(), names.map((name) => `${name}-v1`).sort(), "a Release each");
  assert.ok(((await client.get(Leases, account)).spec?.leaseTransitions ?? 0) >= 1);

  const { spec } = (await client.get(Deployments, key("app7"))).spec?.template ?? {};
  assert.equal(spec?.schedulerName, "jdos-scheduler");
  assert.deepEqual(spec?.imagePullSecrets, [{ name: "app7-registry" }]);
});

test("a Build on any registry: the platform's image, no host path, few capabilities, the credential given", async () => {
  await client.create(Applications, { metadata: key("built"), spec: {} });
  await client.create(Builds, {
    metadata: key("built-b1"),
    spec: { application: "built", number: 1, source: { bundle: { digest: DIGEST } } },
  });
  const job = await eventually(() => client.get(Jobs, key("built-b1")));
  const { spec: pod, metadata } = job.spec?.template ?? {};
  assert.deepEqual(pod?.imagePullSecrets, [{ name: "built-registry" }]);
  assert.deepEqual(
    pod?.volumes?.map(({ name }) => name),
    ["input", "environment", "credential", "exchange", "work"],
  );
  assert.equal(metadata?.annotations?.["container.apparmor.security.beta.kubernetes.io/steps"], "unconfined");
  for (const { image, imagePullPolicy, command, securityContext } of pod?.containers ?? []) {
    assert.equal(image, `harbor.example.org/team/jdos/platform@${DIGEST}`);
    assert.equal(imagePullPolicy, "IfNotPresent");
    assert.ok(command?.includes("/opt/jdos/packages/image-builder/src/main.ts"));
    assert.notEqual(securityContext?.privileged, true);
    assert.deepEqual(securityContext?.capabilities?.drop, ["ALL"]);
  }
  const [coordinator] = pod?.containers ?? [];
  assert.deepEqual(coordinator?.env, [
    { name: "NODE_EXTRA_CA_CERTS", value: "/etc/jdos/environment/ca.crt" },
  ]);
  assert.ok(coordinator?.volumeMounts?.some(({ mountPath }) => mountPath === "/etc/jdos/environment"));
  const input = await client.get(ConfigMaps, key("built-b1"));
  const told = JSON.parse(input.data?.["input.json"] ?? "");
  assert.equal(told.repository, "team/demo/built");
  assert.deepEqual(told.registry, {
    url: "https://harbor.example.org",
    host: "harbor.example.org",
    prefix: "team/",
  });
  assert.equal(told.baseImage, "harbor.example.org/team/jdos/base:12");
  assert.equal(
    (await client.get(ConfigMaps, key("build-environment"))).data?.npmrc,
    "registry=http://npm.example.org/",
  );

  const configOf = async (): Promise<string> => {
    const { data } = await client.get(Secrets, key("built-registry"));
    return Buffer.from(data?.[".dockerconfigjson"] ?? "", "base64").toString("utf8");
  };
  assert.match(await configOf(), /"robot"/);
  const exchanged = { auths: { "harbor.example.org": { username: "robot", password: "second" } } };
  await writeFile(join(directory, "config.json"), JSON.stringify(exchanged));
  await client.patch(Applications, key("built"), {
    type: "merge",
    body: { metadata: { labels: { a: "b" } } },
  });
  await eventually(async () => assert.match(await configOf(), /"second"/));
});
