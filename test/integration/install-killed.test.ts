import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ClusterRoleBindings,
  ClusterRoles,
  CustomResourceDefinitions,
  Deployments,
  IngressClasses,
  Namespaces,
  Systems,
} from "@jdos/api";
import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import { type SimulatedCluster, startSimulatedCluster } from "./support/cluster.ts";

const CLI = resolve(import.meta.dirname, "../../packages/cli/src/main.ts");
const WIDE: readonly ResourceType<KubeObject>[] = [
  ClusterRoles,
  ClusterRoleBindings,
  CustomResourceDefinitions,
  IngressClasses,
] as never;

/** After how many of its changes to the cluster a command is killed. */
const CHANGES = [1, 3, 8, 15, 30];

describe("install and uninstall killed at any point", () => {
  let cluster: SimulatedCluster;
  let images: string;
  before(async () => {
    cluster = await startSimulatedCluster();
    images = join(cluster.directory, "images");
    await writeFile(images, '{"images":{"platform":"r/platform@sha256:1","base":"r/base@sha256:2"}}');
  });
  after(() => cluster.stop());

  function start(...args: string[]) {
    const all = [
      "--disable-warning=ExperimentalWarning",
      CLI,
      ...args,
      "--kubeconfig",
      cluster.server.adminKubeconfig,
    ];
    return spawn(process.execPath, all, { stdio: ["ignore", "ignore", "pipe"] });
  }

  /** False when it had ended before. */
  async function killAfter(changes: number, ...args: string[]): Promise<boolean> {
    const child = start(...args);
    child.stderr.resume();
    const begin = cluster.server.revision();
    while (child.exitCode === null && cluster.server.revision() < begin + changes) await sleep(1);
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.signalCode === "SIGKILL";
  }

  async function toItsEnd(...args: string[]): Promise<void> {
    const child = start(...args);
    const [errors, [exitCode]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    assert.equal(exitCode, 0, errors);
  }

  it("install goes on from what is there", async () => {
    const command = ["install", "--registry", "127.0.0.1:5000", "--images", images];
    let killed = 0;
    for (const changes of CHANGES) if (await killAfter(changes, ...command)) killed++;
    assert.ok(killed > 2, `only ${killed} were killed`);
    await toItsEnd(...command);
    for (const name of ["platform-api", "platform-controllers", "load-balancer"]) {
      const { status } = await cluster.client.get(Deployments, { namespace: "jdos-system", name });
      assert.equal(status?.availableReplicas, 2, name);
    }
  });

  it("uninstall goes on from what is left, and applications run on", async () => {
    const { client } = cluster;
    const system = await client.create(Systems, {
      metadata: { name: "demo", finalizers: ["jdos.io/namespace"] },
      spec: {},
    });
    const owner = { apiVersion: "jdos.io/v1", kind: "System", name: "demo", uid: system.metadata.uid };
    await client.create(Namespaces, { metadata: { name: "demo", ownerReferences: [owner] } });
    const labels = { app: "hello" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "i" }] } };
    await client.create(Deployments, {
      metadata: { name: "hello", namespace: "demo", ownerReferences: [{ ...owner, controller: true }] },
      spec: { selector: { matchLabels: labels }, template },
    });
    const command = ["uninstall", "--applications", "keep"];
    let killed = 0;
    for (const changes of CHANGES) if (await killAfter(changes, ...command)) killed++;
    assert.ok(killed > 2, `only ${killed} were killed`);
    await toItsEnd(...command);
    for (const type of WIDE) {
      const { items } = await client.list(type, { labelSelector: "jdos.io/installation" });
      assert.deepEqual(items, [], type.kind);
    }
    await assert.rejects(client.get(Namespaces, { name: "jdos-system" }), (error) =>
      isStatus(error, "NotFound"),
    );
    await sleep(1500);
    const { status } = await client.get(Deployments, { namespace: "demo", name: "hello" });
    assert.equal(status?.availableReplicas, 1);
  });

  it("uninstall --applications delete removes Systems before what serves them", async () => {
    await toItsEnd("install", "--registry", "127.0.0.1:5000", "--images", images);
    const { client } = cluster;
    await client.create(Systems, { metadata: { name: "second" }, spec: {} });
    await toItsEnd("uninstall", "--applications", "delete");
    await assert.rejects(client.get(Namespaces, { name: "jdos-system" }), (error) =>
      isStatus(error, "NotFound"),
    );
  });
});
