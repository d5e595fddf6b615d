import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "@jdos/apimachinery";
import { renderManifests } from "./manifests.ts";
import { typeOf } from "./objects.ts";
import { completeValues } from "./values.ts";

const FACTS = {
  images: { platform: "r/jdos/platform@sha256:1", base: "r/jdos/base@sha256:2" },
  administratorToken: "a-token-of-the-administrator",
  gitServerKey: "a-key-of-the-git-server",
  signingKey: "a-private-key",
  signingPublicKey: "a-public-key",
  registryCredentials: '{"auths":{}}',
  metricsAccess: { username: "jdos", password: "a-password" },
  logKeys: { write: "a-key-that-writes", read: "a-key-that-reads" },
  clickhouseAccess: {},
  mirrorCredentials: '{"auths":{}}',
  nodeAddress: "10.0.0.1",
};

type Workload = KubeObject & {
  spec: {
    replicas?: number;
    template: {
      spec: {
        hostNetwork?: boolean;
        securityContext: { runAsNonRoot?: boolean };
        tolerations?: object[];
        imagePullSecrets?: { name: string }[];
        volumes?: object[];
        containers: {
          name: string;
          args?: string[];
          resources: { requests: object; limits: object };
          readinessProbe?: object;
          securityContext: {
            readOnlyRootFilesystem: boolean;
            allowPrivilegeEscalation: boolean;
            capabilities: { drop: string[]; add?: string[] };
          };
          volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
          ports?: { hostPort?: number }[];
        }[];
      };
    };
  };
};

async function render(own: object, facts = {}): Promise<Map<string, KubeObject>> {
  const values = await completeValues(own, { registry: "registry.example.org/jdos" });
  const rendered = await renderManifests(values, { ...FACTS, ...facts });
  const { namespace, definitions, rights, parts } = rendered;
  const all = [...namespace, ...definitions, ...rights, ...parts];
  for (const object of all) typeOf(object);
  return new Map(all.map((object) => [`${object.kind} ${object.metadata?.name}`, object]));
}

const workloadOf = (objects: Map<string, KubeObject>, name: string) => objects.get(name) as Workload;

const EVERYTHING = { scheduler: { provider: "jdos" }, dns: { provider: "jdos", clusterIP: "10.96.0.11" } };

describe("renderManifests()", () => {
  it("renderManifests() gives every container limits and probes, no root and no writable root file system", async () => {
    for (const [name, object] of await render(EVERYTHING)) {
      if (!["Deployment", "DaemonSet"].includes(object.kind ?? "")) continue;
      const { spec } = (object as Workload).spec.template;
      // It reads what root alone may read: "the log collector reads ..." below.
      if (name !== "DaemonSet log-collector") assert.equal(spec.securityContext.runAsNonRoot, true, name);
      assert.deepEqual(spec.imagePullSecrets, [{ name: "registry-credentials" }], name);
      for (const container of spec.containers) {
        assert.ok(container.resources.requests && container.resources.limits, name);
        assert.ok(container.readinessProbe, name);
        assert.deepEqual(
          container.securityContext,
          {
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
          },
          name,
        );
      }
    }
  });

  it("renderManifests() lets nobody do everything, and the platform API act as those alone who are named", async () => {
    const objects = await render({ ...EVERYTHING, login: { users: ["ada"], groups: ["dev"] } });
    for (const [name, object] of objects) {
      if (object.kind !== "ClusterRole" && object.kind !== "Role") continue;
      const { rules } = object as KubeObject & { rules: Record<string, string[]>[] };
      for (const rule of rules) assert.ok(!Object.values(rule).some((list) => list.includes("*")), name);
    }
    const { rules } = objects.get("ClusterRole jdos-platform-api") as KubeObject & {
      rules: { resources: string[]; resourceNames?: string[] }[];
    };
    assert.deepEqual(
      rules.map(({ resources, resourceNames }) => [resources, resourceNames]),
      [
        [["users"], ["jdos:admin", "ada"]],
        [["groups"], ["jdos:admins", "system:authenticated", "dev"]],
      ],
    );
  });

  it("renderManifests() exposes the routes as the values say", async () => {
    const nodePort = await render({});
    assert.equal(workloadOf(nodePort, "Deployment load-balancer").spec.replicas, 2);
    assert.ok(nodePort.has("Service routes"));
    const api = workloadOf(nodePort, "Deployment platform-api").spec.template.spec.containers[0];
    assert.ok(api?.args?.includes("--routes-port=30080"));
    const hostPort = await render({ routes: { expose: "HostPort" } });
    assert.ok(!hostPort.has("Service routes"));
    const daemon = workloadOf(hostPort, "DaemonSet load-balancer").spec.template.spec;
    assert.equal(daemon.containers[1]?.ports?.[0]?.hostPort, 80);
    const hostNetwork = await render({ routes: { expose: "HostNetwork", hostPort: 8080 } });
    assert.equal(workloadOf(hostNetwork, "DaemonSet load-balancer").spec.template.spec.hostNetwork, true);
    const own = await render({ routes: { provider: "cluster", ingressClassName: "nginx" } });
    assert.ok(![...own.keys()].some((name) => /load-balancer|IngressClass/.test(name)));
    const controllers = workloadOf(own, "Deployment platform-controllers").spec.template.spec.containers[0];
    assert.ok(controllers?.args?.includes("--ingress-class=nginx"));
  });

  it("renderManifests() has Ingresses told where the Service before HAProxy is, and Services served where that is asked", async () => {
    const args = async (own: object) => {
      const objects = await render(own);
      const found = objects.get("Deployment load-balancer") ?? objects.get("DaemonSet load-balancer");
      return (found as Workload).spec.template.spec.containers[0]?.args ?? [];
    };
    const balanced = await args({ routes: { expose: "LoadBalancer" } });
    assert.ok(balanced.includes("--publish-service=jdos-system/routes"));
    assert.ok(!balanced.some((arg) => arg.startsWith("--publish-address")));
    const named = await args({ routes: { expose: "LoadBalancer", publishAddress: "lb.example.org" } });
    assert.ok(named.includes("--publish-address=lb.example.org"));
    assert.ok(named.includes("--load-balancer-services=false"));
    const onNodes = { expose: "HostNetwork", hostPort: 8080 };
    const served = await args({ routes: onNodes, loadBalancers: { provider: "jdos" } });
    for (const flag of ["--load-balancer-services=true", "--replica-addresses=true"])
      assert.ok(served.includes(flag), flag);
  });

  it("renderManifests() brings the git server with the volume that is wanted, and tells people where it is", async () => {
    const volumeOf = (objects: Map<string, KubeObject>) =>
      workloadOf(objects, "Deployment git-server").spec.template.spec.volumes?.[0];
    const usual = await render({});
    assert.deepEqual(volumeOf(usual), { name: "data", emptyDir: { sizeLimit: "20Gi" } });
    assert.ok(!usual.has("PersistentVolumeClaim git-server"));
    const api = workloadOf(usual, "Deployment platform-api").spec.template.spec.containers[0];
    assert.ok(api?.args?.includes("--git-url=http://git.jdos.localhost:30080"));
    const claim = await render({ source: { volume: "claim", storageClassName: "fast", size: "5Gi" } });
    assert.deepEqual(volumeOf(claim), { name: "data", persistentVolumeClaim: { claimName: "git-server" } });
    const { spec } = claim.get("PersistentVolumeClaim git-server") as KubeObject & { spec: object };
    assert.deepEqual(spec, {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "fast",
      resources: { requests: { storage: "5Gi" } },
    });
    const none = await render({ source: { provider: "none" } });
    assert.ok(![...none.keys()].some((name) => name.includes("git-server")));
    const alone = workloadOf(none, "Deployment platform-api").spec.template.spec.containers[0];
    assert.ok(!alone?.args?.some((arg) => arg.startsWith("--git-url")));
  });

  it("renderManifests() has the log collector on every node read Pods' logs, and nothing else of the node", async () => {
    const objects = await render({});
    const { spec } = workloadOf(objects, "DaemonSet log-collector").spec.template;
    assert.deepEqual(spec.tolerations, [{ operator: "Exists" }]);
    const onNode = (spec.volumes ?? []).filter((volume) => "hostPath" in volume);
    assert.deepEqual(onNode, [{ name: "logs", hostPath: { path: "/var/log/pods" } }]);
    const mounted = spec.containers[0]?.volumeMounts.find(({ name }) => name === "logs");
    assert.deepEqual(mounted, { name: "logs", mountPath: "/var/log/pods", readOnly: true });
    const secrets = (name: string) =>
      (workloadOf(objects, name).spec.template.spec.volumes ?? []).flatMap((volume) => {
        const { secret } = volume as { secret?: { secretName: string; items?: { key: string }[] } };
        return secret?.secretName === "log-server-keys" ? (secret.items ?? []).map(({ key }) => key) : [];
      });
    assert.deepEqual(secrets("DaemonSet log-collector"), ["write"]);
    assert.deepEqual(secrets("Deployment platform-api"), ["read"]);
  });

  it("renderManifests() keeps logs in files, in a claim, in a ClickHouse or not at all, as the values say", async () => {
    const server = (objects: Map<string, KubeObject>) => workloadOf(objects, "Deployment log-server").spec;
    const volumes = (objects: Map<string, KubeObject>) => server(objects).template.spec.volumes ?? [];
    const args = (objects: Map<string, KubeObject>, name: string) =>
      workloadOf(objects, name).spec.template.spec.containers[0]?.args ?? [];
    const usual = await render({});
    const limit = 10 * 1024 ** 3;
    assert.ok(args(usual, "Deployment log-server").includes(`--limit-bytes=${limit}`));
    const data = volumes(usual).find((volume) => "name" in volume && volume.name === "data");
    const { sizeLimit } = (data as { emptyDir: { sizeLimit: string } }).emptyDir;
    assert.ok(Number.parseInt(sizeLimit, 10) * 2 ** 20 > limit * 1.2, sizeLimit);
    assert.ok(!usual.has("PersistentVolumeClaim log-server"));
    const asked = "--log-server-url=http://log-server.jdos-system.svc";
    for (const name of ["Deployment platform-api", "DaemonSet log-collector"])
      assert.ok(args(usual, name).includes(asked), name);
    const labels = usual.get("Namespace jdos-system")?.metadata?.labels;
    assert.equal(labels?.["pod-security.kubernetes.io/enforce"], "privileged");

    const claim = await render({ logs: { volume: "claim", limit: "1Gi" } });
    assert.ok(claim.has("PersistentVolumeClaim log-server"));
    assert.ok(volumes(claim).some((volume) => JSON.stringify(volume).includes('"claimName":"log-server"')));

    const logs = { provider: "clickhouse", url: "http://clickhouse.logging.svc:8123" };
    const access = { clickhouseAccess: { username: "ann", password: "a-password" } };
    const foreign = await render({ logs }, access);
    assert.ok(args(foreign, "Deployment log-server").includes(`--clickhouse-url=${logs.url}`));
    assert.ok(args(foreign, "Deployment log-server").includes("--clickhouse-access=/etc/jdos/clickhouse"));
    assert.ok(foreign.has("Secret clickhouse-access"));
    assert.ok(!volumes(foreign).some((volume) => "name" in volume && volume.name === "data"));

    const none = await render({ logs: { provider: "none" } });
    assert.ok(![...none.keys()].some((name) => /log-server|log-collector|clickhouse/.test(name)));
    assert.ok(!args(none, "Deployment platform-api").some((arg) => arg.startsWith("--log-")));
    assert.equal(none.get("Namespace jdos-system")?.metadata?.labels, undefined);
  });

  it("renderManifests() brings scheduler and dns only where they are wanted", async () => {
    const names = [...(await render({})).keys()];
    assert.ok(!names.some((name) => /scheduler|dns/.test(name)));
    const all = await render(EVERYTHING);
    assert.ok(all.has("Deployment scheduler") && all.has("Deployment dns"));
  });
});
