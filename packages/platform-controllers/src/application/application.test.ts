import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import {
  type Application,
  Applications,
  Builds,
  Deployments,
  Ingresses,
  Jobs,
  Pods,
  Releases,
  Secrets,
  Services,
} from "@jdos/api";
import { type Condition, findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";

let platform: TestPlatform;

before(async () => {
  platform = await startTestPlatform();
  await platform.createSystem("demo");
});

after(() => platform.stop());

const IMAGE = `registry.jdos.internal/demo/app@sha256:${"a".repeat(64)}`;
const OTHER = `registry.jdos.internal/demo/app@sha256:${"b".repeat(64)}`;
const key = (name: string) => ({ namespace: "demo", name });

function condition(
  application: Stored<Application>,
  type: string,
): { status?: string; reason?: string; message?: string } {
  return (findCondition(application.status?.conditions, type) ?? {}) as Partial<Condition>;
}

const onRelease = (number: number) => (application: Stored<Application>) =>
  application.spec.release === number;
const ready = (application: Stored<Application>) => condition(application, "Ready").status === "True";

async function deployed(name: string, image: string): Promise<Stored<Application>> {
  await platform.createApplication(name, { source: { image: { reference: image } } });
  await platform.until(Deployments, key(name), () => true);
  await platform.rollOut(name);
  return platform.until(Applications, key(name), ready);
}

test("an image becomes Release v1 with a Deployment, a Service and an Ingress, and is ready when its Pods are", async () => {
  const application = await deployed("first", IMAGE);
  assert.equal(application.spec.release, 1);
  assert.equal(application.status?.currentRelease, 1);
  assert.equal(application.status?.image, IMAGE);
  assert.equal(application.status?.url, "http://first.demo.jdos.localhost:8080");
  assert.equal(condition(application, "Ready").message, "Release v1 runs on 1 Pod");
  const release = await platform.client.get(Releases, key("first-v1"));
  assert.equal(release.spec.reason, `image ${IMAGE}`);
  const service = await platform.client.get(Services, key("first"));
  assert.deepEqual(
    service.spec?.ports?.map(({ port, targetPort }) => [port, targetPort]),
    [
      [80, 8080],
      [8080, 8080],
    ],
  );
  const ingress = await platform.client.get(Ingresses, key("first"));
  assert.equal(ingress.spec?.ingressClassName, "jdos");
  const deployment = await platform.client.get(Deployments, key("first"));
  assert.equal(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable, 0);
});

test("a Secret with a password of its own lets each application use the registry", async () => {
  const read = async (name: string) => {
    await platform.createApplication(name, {});
    const secret = await platform.until(Secrets, key(`${name}-registry`), () => true);
    return JSON.parse(Buffer.from(secret.data?.[".dockerconfigjson"] ?? "", "base64").toString()) as {
      auths: Record<string, { username: string; password: string }>;
    };
  };
  const [one, other] = [await read("one"), await read("other")];
  assert.deepEqual(Object.keys(one.auths), ["registry.jdos.internal", "registry.jdos-system.svc:5000"]);
  assert.equal(one.auths["registry.jdos.internal"]?.username, "demo.one");
  assert.notEqual(
    one.auths["registry.jdos.internal"]?.password,
    other.auths["registry.jdos.internal"]?.password,
  );
});

test("a successful Build becomes a Release that is current; its number counts on", async () => {
  await platform.createApplication("built", {});
  await platform.createBuild("built", 1);
  await platform.endBuild("built-b1", {
    image: IMAGE,
    digest: "x",
    stages: [{ name: "source", state: "Succeeded", seconds: 0.1 }],
  });
  const application = await platform.until(Applications, key("built"), onRelease(1));
  assert.equal((await platform.client.get(Releases, key("built-v1"))).spec.build, "built-b1");
  await platform.until(
    Builds,
    key("built-b1"),
    ({ status }) => status?.phase === "Succeeded" && status.image === IMAGE,
  );
  assert.equal(application.metadata.name, "built");
  await platform.createBuild("built", 2);
  await platform.endBuild("built-b2", { image: OTHER, digest: "x", stages: [] });
  await platform.until(
    Deployments,
    key("built"),
    ({ spec }) => spec?.template.spec?.containers[0]?.image === OTHER,
  );
});

test("a Build that fails changes nothing that runs and says why", async () => {
  await platform.createApplication("steady", {});
  await platform.createBuild("steady", 1);
  await platform.endBuild("steady-b1", { image: IMAGE, digest: "x", stages: [] });
  await platform.until(Deployments, key("steady"), () => true);
  await platform.rollOut("steady");
  await platform.until(Applications, key("steady"), ready);
  await platform.createBuild("steady", 2);
  await platform.endBuild("steady-b2", {
    stages: [{ name: "build", state: "Failed" }],
    error: {
      code: "BuildStepFailed",
      message: 'Cannot finish "npm run build": exit code 2',
      lines: ["colour is no name"],
    },
  });
  const application = await platform.until(
    Applications,
    key("steady"),
    (each) => condition(each, "Built").reason === "BuildFailed",
  );
  assert.match(
    condition(application, "Built").message ?? "",
    /Stage build: Cannot finish "npm run build": exit code 2[\s\S]*colour is no name/,
  );
  assert.equal(application.spec.release, 1);
  assert.equal(condition(application, "Ready").status, "True");
});

test("editing run makes a Release with the same image; routes alone keep the Pods", async () => {
  await deployed("edited", IMAGE);
  await platform.client.patch(Applications, key("edited"), {
    type: "merge",
    body: { spec: { run: { env: [{ name: "A", value: "1" }] } } },
  });
  await platform.until(Applications, key("edited"), onRelease(2));
  const second = await platform.client.get(Releases, key("edited-v2"));
  assert.deepEqual(
    [second.spec.image, second.spec.reason, second.spec.podsOf],
    [IMAGE, "configuration changed", undefined],
  );
  const before = await platform.until(
    Deployments,
    key("edited"),
    ({ spec }) => spec?.template.metadata?.labels?.["jdos.io/release"] === "2",
  );
  await platform.client.patch(Applications, key("edited"), {
    type: "merge",
    body: { spec: { routes: [{ host: "shop.example.org", path: "/cart" }] } },
  });
  await platform.until(Applications, key("edited"), onRelease(3));
  const ingress = await platform.until(
    Ingresses,
    key("edited"),
    ({ spec }) => spec?.rules?.[0]?.host === "shop.example.org",
  );
  assert.equal(ingress.spec?.rules?.[0]?.http?.paths[0]?.path, "/cart");
  const after = await platform.client.get(Deployments, key("edited"));
  assert.deepEqual(after.spec?.template, before.spec?.template);
});

test("rollbackTo writes a new Release that names its origin and takes its configuration over", async () => {
  await deployed("back", IMAGE);
  await platform.client.patch(Applications, key("back"), {
    type: "merge",
    body: { spec: { run: { memory: "64Mi" } } },
  });
  await platform.until(Applications, key("back"), onRelease(2));
  await platform.client.patch(Applications, key("back"), {
    type: "merge",
    body: { spec: { rollbackTo: 1 } },
  });
  const application = await platform.until(Applications, key("back"), onRelease(3));
  assert.equal(application.spec.rollbackTo, undefined);
  assert.deepEqual(application.spec.run, {});
  const release = await platform.client.get(Releases, key("back-v3"));
  assert.deepEqual(
    [release.spec.rollbackTo, release.spec.image, release.spec.reason],
    [1, IMAGE, "rollback to v1"],
  );
  await platform.idle();
  assert.equal(
    (await platform.client.list(Releases, { namespace: "demo", labelSelector: "jdos.io/application=back" }))
      .items.length,
    3,
  );
});

test("a rollback to a Release that does not exist is refused with a sentence, and what runs goes on", async () => {
  await deployed("nowhere", IMAGE);
  await platform.client.patch(Applications, key("nowhere"), {
    type: "merge",
    body: { spec: { rollbackTo: 7, replicas: 2 } },
  });
  const application = await platform.until(
    Applications,
    key("nowhere"),
    (each) => condition(each, "Released").reason === "RollbackRefused",
  );
  assert.match(
    condition(application, "Released").message ?? "",
    /v7 cannot be returned to: it does not exist/,
  );
  await platform.until(Deployments, key("nowhere"), ({ spec }) => spec?.replicas === 2);
  await platform.client.patch(Applications, key("nowhere"), {
    type: "merge",
    body: { spec: { run: { cpu: "100m" } } },
  });
  const later = await platform.until(Applications, key("nowhere"), onRelease(2));
  assert.equal(later.spec.rollbackTo, undefined);
});

test("a Release that was tampered with is not deployed", async () => {
  await deployed("guarded", IMAGE);
  await platform.client.patch(Releases, key("guarded-v1"), {
    type: "merge",
    body: { spec: { image: OTHER } },
  });
  await platform.until(
    Releases,
    key("guarded-v1"),
    ({ status }) => findCondition(status?.conditions, "Intact")?.status === "False",
  );
  const application = await platform.until(
    Applications,
    key("guarded"),
    (each) => condition(each, "Ready").reason === "ReleaseTampered",
  );
  assert.match(condition(application, "Ready").message ?? "", /guarded-v1 was changed after it was made/);
  await platform.idle();
  const deployment = await platform.client.get(Deployments, key("guarded"));
  assert.equal(deployment.spec?.template.spec?.containers[0]?.image, IMAGE);
});

test("Pods that crash are told of with exit code and last line, while the earlier Release stays current", async () => {
  await deployed("crashing", IMAGE);
  await platform.client.patch(Applications, key("crashing"), {
    type: "merge",
    body: { spec: { source: { image: { reference: OTHER } }, rollout: { autoRollback: false } } },
  });
  const deployment = await platform.until(
    Deployments,
    key("crashing"),
    ({ spec }) => spec?.template.metadata?.labels?.["jdos.io/release"] === "2",
  );
  const { template } = deployment.spec ?? {};
  await platform.client.create(Pods, {
    metadata: { ...(template?.metadata as object), name: "crashing-x", namespace: "demo" },
    spec: template?.spec as never,
  });
  const lastState = {
    terminated: {
      exitCode: 1,
      reason: "Error",
      message: "reading\ncannot start: DATABASE_URL is not set\n",
      startedAt: "2026-01-01T00:00:00Z",
      finishedAt: "2026-01-01T00:00:01Z",
    },
  };
  const status = {
    phase: "Running",
    containerStatuses: [
      {
        name: "crashing",
        image: OTHER,
        imageID: "",
        ready: false,
        restartCount: 2,
        state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
        lastState,
      },
    ],
  };
  await platform.client.patch(
    Pods,
    key("crashing-x"),
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
  const application = await platform.until(
    Applications,
    key("crashing"),
    (each) => condition(each, "Progressing").reason === "CrashLoopBackOff",
  );
  assert.equal(condition(application, "Ready").status, "False");
  assert.match(
    condition(application, "Ready").message ?? "",
    /Release v2 does not get ready: Pod crashing-x ended with exit code 1, last saying "cannot start: DATABASE_URL is not set"/,
  );
  assert.equal(application.status?.currentRelease, 1);
});

test("what somebody changes by hand is put right", async () => {
  await deployed("drifting", IMAGE);
  await platform.client.patch(Deployments, key("drifting"), {
    type: "merge",
    body: { spec: { replicas: 5 } },
  });
  await platform.until(Deployments, key("drifting"), ({ spec }) => spec?.replicas === 1);
  await platform.client.delete(Services, key("drifting"));
  await platform.until(Services, key("drifting"), ({ metadata }) => metadata.deletionTimestamp === undefined);
});

test("a name that somebody else's object has is a sentence, not an overwrite", async () => {
  await platform.client.create(Services, {
    metadata: { name: "taken", namespace: "demo" },
    spec: { ports: [{ port: 1 }] },
  });
  await platform.createApplication("taken", { source: { image: { reference: IMAGE } } });
  const application = await platform.until(
    Applications,
    key("taken"),
    (each) => condition(each, "Ready").reason === "NameTaken",
  );
  assert.match(condition(application, "Ready").message ?? "", /Service "taken": one of that name is there/);
  assert.equal((await platform.client.get(Services, key("taken"))).spec?.ports?.[0]?.port, 1);
});

test("old Releases go, but not those that are wanted", async () => {
  await platform.createApplication("pruned", { source: { image: { reference: IMAGE } }, historyLimit: 2 });
  for (let number = 1; number <= 5; number++) {
    await platform.until(
      Deployments,
      key("pruned"),
      ({ metadata }) => metadata.annotations?.["jdos.io/release"] === String(number),
    );
    await platform.rollOut("pruned");
    await platform.until(Applications, key("pruned"), ({ status }) => status?.currentRelease === number);
    await platform.client.patch(Applications, key("pruned"), {
      type: "merge",
      body: { spec: { run: { args: [String(number)] } } },
    });
  }
  await platform.until(
    Deployments,
    key("pruned"),
    ({ metadata }) => metadata.annotations?.["jdos.io/release"] === "6",
  );
  await platform.rollOut("pruned");
  await platform.until(Applications, key("pruned"), ({ status }) => status?.currentRelease === 6);
  await platform.untilGone(Releases, key("pruned-v3"));
  const { items } = await platform.client.list(Releases, {
    namespace: "demo",
    labelSelector: "jdos.io/application=pruned",
  });
  assert.deepEqual(items.map(({ spec }) => spec.number).sort(), [4, 5, 6]);
});

test("a Build's Job keeps the credential from the container that runs the user's steps", async () => {
  await platform.createApplication("careful", {});
  await platform.createBuild("careful", 1);
  const job = await platform.until(Jobs, key("careful-b1"), () => true);
  const pod = job.spec?.template.spec;
  assert.deepEqual(
    pod?.containers.map(({ name, volumeMounts }) => [
      name,
      volumeMounts?.some((mount) => mount.name === "credential"),
    ]),
    [
      ["build", true],
      ["steps", false],
    ],
  );
  assert.equal(pod?.automountServiceAccountToken, false);
  assert.equal(pod?.volumes?.find(({ name }) => name === "credential")?.secret?.defaultMode, 0o400);
});

test("an application outside of a System is told so", async () => {
  await platform.createApplication("lost", { source: { image: { reference: IMAGE } } }, "default");
  const application = await platform.until(
    Applications,
    { namespace: "default", name: "lost" },
    (each) => condition(each, "Ready").reason === "NoSystem",
  );
  assert.match(condition(application, "Ready").message ?? "", /create System "default" first/);
});
