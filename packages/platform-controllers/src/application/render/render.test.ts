import assert from "node:assert/strict";
import test from "node:test";
import type { Application, Release, ReleaseSpec } from "@jdos/api";
import type { Persisted } from "@jdos/apimachinery";
import { settingsOf } from "../../options.ts";
import { renderDeployment } from "./deployment.ts";
import { renderIngress, urlOf } from "./ingress.ts";
import { renderPodTemplate } from "./pod-template.ts";
import { renderService } from "./service.ts";
import type { Subject } from "./subject.ts";

const metadata = {
  name: "web",
  namespace: "demo",
  uid: "1",
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
};

function subject(release: Partial<ReleaseSpec> = {}, spec: Application["spec"] = {}): Subject {
  const application: Persisted<Application> = {
    apiVersion: "jdos.io/v1",
    kind: "Application",
    metadata,
    spec,
  };
  const number = release.number ?? 3;
  const full: Persisted<Release> = {
    apiVersion: "jdos.io/v1",
    kind: "Release",
    metadata: { ...metadata, name: `web-v${number}` },
    spec: {
      application: "web",
      number,
      image: "registry.jdos.internal/demo/web@sha256:1",
      run: {},
      hash: "",
      ...release,
    },
  };
  return { application, release: full, settings: settingsOf() };
}

const container = (release: Partial<ReleaseSpec>) => renderPodTemplate(subject(release)).spec!.containers[0]!;

test("renderPodTemplate() tells the application its first port, which is 8080 without any", () => {
  assert.deepEqual(container({}).env, [{ name: "PORT", value: "8080" }]);
  assert.deepEqual(container({ run: { ports: [{ port: 3000 }, { port: 9000 }] } }).env, [
    { name: "PORT", value: "3000" },
  ]);
  assert.deepEqual(container({ run: { env: [{ name: "PORT", value: "1" }] } }).env, [
    { name: "PORT", value: "1" },
  ]);
});

test("renderPodTemplate() takes variables from Secrets by reference", () => {
  const env = container({ run: { env: [{ name: "TOKEN", secret: { name: "tokens", key: "one" } }] } }).env;
  assert.deepEqual(env?.[1], { name: "TOKEN", valueFrom: { secretKeyRef: { name: "tokens", key: "one" } } });
});

test("renderPodTemplate() asks for readiness by path where there is one, else by connecting", () => {
  assert.deepEqual(container({ run: { health: { path: "/healthz", port: 9000 } } }).readinessProbe?.httpGet, {
    path: "/healthz",
    port: 9000,
    scheme: "HTTP",
  });
  assert.deepEqual(container({}).readinessProbe?.tcpSocket, { port: 8080 });
  assert.equal(container({ run: { ports: [{ port: 53, protocol: "UDP" }] } }).readinessProbe, undefined);
});

test("renderPodTemplate() writes quantities as the server does, memory as request and limit", () => {
  const resources = container({ run: { cpu: "0.5", memory: "1024Mi" } }).resources;
  assert.deepEqual(resources, { requests: { cpu: "500m", memory: "1Gi" }, limits: { memory: "1Gi" } });
});

test("renderPodTemplate() drains for no longer than the Pod has", () => {
  const command = (seconds?: number) =>
    container({ run: seconds === undefined ? {} : { terminationGracePeriodSeconds: seconds } }).lifecycle
      ?.preStop?.exec?.command;
  assert.deepEqual(command(), ["sleep", "3"]);
  assert.deepEqual(command(2), ["sleep", "1"]);
});

test("renderPodTemplate() carries the credential only for the platform's registry", () => {
  assert.deepEqual(renderPodTemplate(subject()).spec?.imagePullSecrets, [{ name: "web-registry" }]);
  assert.equal(
    renderPodTemplate(subject({ image: "docker.io/library/nginx:1" })).spec?.imagePullSecrets,
    undefined,
  );
});

test("renderPodTemplate() is the same for a Release that only changes routes", () => {
  const before = renderPodTemplate(subject({ number: 3 }));
  assert.deepEqual(renderPodTemplate(subject({ number: 4, podsOf: 3, routes: [] })), before);
  assert.notDeepEqual(renderPodTemplate(subject({ number: 4 })), before);
});

test("renderDeployment() takes its size from the Application and its cause from the Release", () => {
  const deployment = renderDeployment(
    subject({ reason: "build web-b2" }, { replicas: 5, rollout: { progressDeadlineSeconds: 30 } }),
  );
  assert.equal(deployment.spec?.replicas, 5);
  assert.equal(deployment.spec?.progressDeadlineSeconds, 30);
  assert.equal(deployment.metadata?.annotations?.["kubernetes.io/change-cause"], "web-v3: build web-b2");
});

test("renderService() leads port 80 to the first port and keeps every port's own number", () => {
  const ports = (run: ReleaseSpec["run"]) =>
    renderService(subject({ run })).spec?.ports?.map(({ name, port, targetPort }) => [
      name,
      port,
      targetPort,
    ]);
  assert.deepEqual(ports({}), [
    ["http", 80, 8080],
    ["port-8080", 8080, 8080],
  ]);
  assert.deepEqual(ports({ ports: [{ port: 80 }] }), [["http", 80, 80]]);
  assert.deepEqual(
    ports({ ports: [{ name: "web", port: 3000 }, { name: "admin", port: 9000 }, { port: 80 }] }),
    [
      ["http", 80, 3000],
      ["web", 3000, 3000],
      ["admin", 9000, 9000],
    ],
  );
});

test("renderIngress() groups routes by host and defaults to the application's own", () => {
  const rules = (routes?: ReleaseSpec["routes"]) =>
    renderIngress(
      subject({
        run: { ports: [{ port: 3000 }, { port: 9000 }] },
        ...(routes === undefined ? {} : { routes }),
      }),
    )?.spec?.rules?.map(({ host, http }) => [
      host,
      http?.paths.map(({ path, backend }) => [path, backend.service?.port?.number]),
    ]);
  assert.deepEqual(rules(), [["web.demo.jdos.localhost", [["/", 80]]]]);
  assert.deepEqual(
    rules([{ host: "a.example.org" }, { host: "a.example.org", path: "/admin", port: 9000 }, { path: "/x" }]),
    [
      [
        "a.example.org",
        [
          ["/", 80],
          ["/admin", 9000],
        ],
      ],
      ["web.demo.jdos.localhost", [["/x", 80]]],
    ],
  );
  assert.equal(rules([]), undefined);
});

test("urlOf() is the first route with the port people reach it at", () => {
  assert.equal(urlOf(subject()), "http://web.demo.jdos.localhost:8080");
  assert.equal(
    urlOf({
      ...subject({ routes: [{ host: "a.org", path: "/x" }] }),
      settings: settingsOf({ routes: { port: 443, scheme: "https" } }),
    }),
    "https://a.org/x",
  );
  assert.equal(urlOf(subject({ routes: [] })), undefined);
});
