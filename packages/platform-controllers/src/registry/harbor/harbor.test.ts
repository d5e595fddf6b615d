import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import {
  Applications,
  Deployments,
  Namespaces,
  REGISTRY_READY,
  Secrets,
  type System,
  Systems,
} from "@jdos/api";
import type { Stored } from "@jdos/client";
import { credentialFor, dockerConfig } from "@jdos/component-base";
import { startTestHarbor, type TestHarbor } from "@jdos/component-base/testing";
import { startTestPlatform, type TestPlatform } from "../../testing/index.ts";

const DAY = 86_400;
const HOST = "harbor.example.org";
const PUSH = "jdos-push-registry";
const PULL = "jdos-pull-registry";

let directory: string;
let harbor: TestHarbor;
let platform: TestPlatform;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-harbor-"));
  harbor = await startTestHarbor();
  const credentialsFile = join(directory, "config.json");
  await writeFile(credentialsFile, dockerConfig([HOST], { username: "admin", password: "Harbor12345" }));
  platform = await startTestPlatform({
    registry: {
      host: HOST,
      prefix: "",
      url: `https://${HOST}`,
      access: "given",
      credentialsFile,
      harbor: { url: harbor.url, projectPrefix: "team-", robotDays: 30, quotas: true },
    },
  });
});
afterEach(() => {
  harbor.fault = undefined;
  assert.deepEqual(harbor.misfits, [], "every request fits the documented schema");
});
after(async () => {
  await platform.stop();
  await harbor.stop();
  await rm(directory, { recursive: true, force: true });
});

const conditionOf = ({ status }: Stored<System>) =>
  status?.conditions?.find(({ type }) => type === REGISTRY_READY);
const untilSaid = (name: string, reason: string): Promise<Stored<System>> =>
  platform.until(Systems, { name }, (system) => conditionOf(system)?.reason === reason);
const projectOf = (name: string) => harbor.projects.find((project) => project.name === name);
/** As if something had changed: a reconcile. */
const touch = (name: string, annotation = String(Math.random())) =>
  platform.client.patch(
    Systems,
    { name },
    { type: "merge", body: { metadata: { annotations: { a: annotation } } } },
  );

async function robotIn(secret: string, namespace: string) {
  const { data = {} } = await platform.client.get(Secrets, { namespace, name: secret });
  const config = Buffer.from(data[".dockerconfigjson"] ?? "", "base64").toString("utf8");
  const credential = credentialFor(HOST, config);
  return harbor.robots.find(
    ({ name, secret: own }) => name === credential?.username && own === credential.password,
  );
}

async function create(name: string, spec: System["spec"] = {}): Promise<void> {
  await platform.client.create(Systems, {
    apiVersion: "jdos.io/v1",
    kind: "System",
    metadata: { name },
    spec,
  });
}

test("a System has a private project with its disk quota, and a robot account for builds and one for Pods", async () => {
  await create("one", { quota: { disk: "1Gi" } });
  await untilSaid("one", "ProjectReady");
  const { public: isPublic, storage, owner } = projectOf("team-one")!;
  assert.deepEqual({ isPublic, storage, owner }, { isPublic: "false", storage: 2 ** 30, owner: "admin" });
  assert.deepEqual((await robotIn(PUSH, "one"))?.actions, ["push", "pull"]);
  assert.deepEqual((await robotIn(PULL, "one"))?.actions, ["pull"]);
  const reference = `${HOST}/team-one/web@sha256:${"a".repeat(64)}`;
  await platform.createApplication("web", { source: { image: { reference } } }, "one");
  const { spec } = await platform.until(Deployments, { namespace: "one", name: "web" }, () => true);
  assert.deepEqual(spec?.template.spec?.imagePullSecrets, [{ name: PULL }]);
});

test("what somebody changes in Harbor is put right, and what is there is left alone", async () => {
  await platform.idle();
  const [push, projects] = [await robotIn(PUSH, "one"), harbor.projects.length];
  const changes = () => harbor.requests.filter((request) => !request.startsWith("GET")).length;
  const before = changes();
  await touch("one");
  await platform.idle();
  assert.equal(changes(), before, "nothing is written where all is right");
  projectOf("team-one")!.storage = 5;
  harbor.robots.splice(harbor.robots.indexOf(push!), 1);
  await touch("one");
  await platform.idle();
  assert.equal(projectOf("team-one")?.storage, 2 ** 30);
  assert.notEqual((await robotIn(PUSH, "one"))?.id, push?.id);
  assert.equal(harbor.projects.length, projects);
});

test("a robot account is exchanged before it expires; the one before goes later, one whose secret was lost at once", async () => {
  const old = (await robotIn(PULL, "one"))!;
  const lost = { ...old, id: 9999, name: "robot$team-one+jdos-pull-77", secret: "lost" };
  const foreign = { ...old, id: 9998, name: "robot$team-one+scanner" };
  harbor.robots.push(lost, foreign);
  old.expires = Math.floor(Date.now() / 1000) + 9 * DAY;
  await touch("one");
  await platform.until(
    Secrets,
    { namespace: "one", name: PULL },
    ({ metadata }) =>
      Object.values(metadata.annotations ?? {}).includes(String(old.id)) &&
      metadata.annotations?.["jdos.io/harbor-robot"] !== String(old.id),
  );
  await platform.idle();
  await touch("one");
  await platform.idle();
  const now = await robotIn(PULL, "one");
  assert.equal(now?.name, "robot$team-one+jdos-pull-78");
  assert.ok(harbor.robots.includes(old), "what began with it ends with it");
  assert.ok(!harbor.robots.includes(lost));
  assert.ok(harbor.robots.includes(foreign), "another's account is left alone");
  const body = { metadata: { annotations: { "jdos.io/harbor-robot-since": "1" } } };
  await platform.client.patch(Secrets, { namespace: "one", name: PULL }, { type: "merge", body });
  await touch("one");
  await platform.idle();
  assert.ok(!harbor.robots.includes(old));
});

test("all pages of robot accounts are read", async () => {
  const { id } = projectOf("team-one")!;
  const extra = Array.from({ length: 230 }, (_, n) => ({
    id: 20_000 + n,
    name: `robot$team-one+ci-${n}`,
    project: id,
    secret: "x",
    expires: -1,
    actions: ["pull"],
  }));
  harbor.robots.unshift(...extra);
  const before = await robotIn(PUSH, "one");
  await touch("one");
  await platform.idle();
  assert.equal((await robotIn(PUSH, "one"))?.id, before?.id, "the one on the third page is found");
  harbor.robots.splice(0, extra.length);
});

test("names with hyphens in a row have a project that Harbor takes", async () => {
  await create("a--b");
  await untilSaid("a--b", "ProjectReady");
  assert.ok(projectOf("team-a.2.b"));
});

test("another user's project is left alone, and the System says so", async () => {
  harbor.projects.push({ id: 500, name: "team-theirs", owner: "jdos", public: "true", storage: -1 });
  await create("theirs");
  const system = await untilSaid("theirs", "ProjectTaken");
  assert.match(conditionOf(system)?.message ?? "", /of user "jdos".*projectPrefix/);
  assert.ok(!harbor.robots.some(({ project }) => project === 500));
});

for (const [status, reason, hint] of [
  [401, "HarborUnauthorized", /credentialsFile/],
  [403, "HarborForbidden", /create projects/],
  [404, "HarborNotFound", /made again/],
  [409, "HarborConflict", /looked at again/],
  [412, "HarborPreconditionFailed", /message/],
  [429, "HarborBusy", /by itself/],
  [502, "HarborFailed", /log/],
  [302, "NotHarbor", /own address/],
] as const)
  test(`Harbor's ${status} is condition ${reason} of the System, and mends by itself`, async () => {
    await platform.idle();
    harbor.fault = (request) =>
      request === "GET /api/v2.0/robots"
        ? { status, headers: { location: "/", "retry-after": "1" } }
        : undefined;
    await touch("one");
    const system = await untilSaid("one", reason);
    assert.equal(conditionOf(system)?.status, "False");
    assert.match(conditionOf(system)?.message ?? "", hint);
    harbor.fault = undefined;
    await touch("one");
    await untilSaid("one", "ProjectReady");
  });

test("deleting a System takes its accounts, and its project only when nothing is in it", async () => {
  await create("two");
  await untilSaid("two", "ProjectReady");
  await platform.client.delete(Applications, { namespace: "one", name: "web" });
  harbor.filled.add("team-one");
  for (const name of ["one", "two"]) {
    await platform.client.delete(Systems, { name });
    await finishNamespace(name);
    await platform.untilGone(Systems, { name });
  }
  assert.ok(projectOf("team-one"), "images are kept");
  assert.equal(projectOf("team-two"), undefined);
  const left = harbor.robots.filter(({ name }) => name.includes("+jdos-") && /team-(one|two)/.test(name));
  assert.deepEqual(left, []);
  // As a later System of a name finds it.
  harbor.projects.push({ ...projectOf("team-one")!, id: 600, name: "team-again" });
  await create("again");
  await untilSaid("again", "ProjectReady");
  assert.equal(harbor.projects.filter(({ name }) => name === "team-again").length, 1, "it is taken up again");
});

/** No namespace controller runs here. */
async function finishNamespace(name: string): Promise<void> {
  const namespace = await platform.until(
    Namespaces,
    { name },
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  await platform.client.update(
    Namespaces,
    { ...namespace, spec: { finalizers: [] } },
    { subresource: "finalize" },
  );
}
