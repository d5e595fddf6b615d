/** Nodes pull an image before many Pods of it are made: real kubelets, which pull and then refuse to start. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { Deployments, Events, Pods, SPREAD_LABEL } from "@jdos/api";
import { containerdPaths, runCommand } from "@jdos/component-base";
import { example, TestPlatform } from "../../e2e/support/platform.ts";
import { eventually } from "../../e2e/support/process.ts";
import { Source } from "../../e2e/support/sources.ts";
import { type InstalledPlatform, startInstalledPlatform } from "../support/installed-platform.ts";
import { containerdOptions } from "../support/node.ts";

const namespace = "spread";
const APP = ["--system", namespace, "--app", "wide"];
const REPLICAS = 6;

interface Release {
  number: number;
  image: string;
}

describe("an image on the nodes of a cluster", () => {
  let installed: InstalledPlatform;
  let platform: TestPlatform;
  const watching = new AbortController();
  /** What was seen since the test began: "pull node-1", "refused node-1", "ran node-1", "x6 sha256:..."; and at which revision. */
  let seen: { what: string; revision: number }[] = [];
  const alive = new Set<string>();
  let most = 0;
  /** Images that a node had when its kubelet had refused to start. */
  const found = new Map<string, Promise<string>>();

  before(async () => {
    const spread = { parallel: 1, timeoutSeconds: 120 };
    installed = await startInstalledPlatform({ nodes: 2, values: { images: { spread } } });
    const { target } = installed;
    const env = { JDOS_KUBECONFIG: target.kubeconfig };
    platform = new TestPlatform({ ...target, administrator: "jdos:admin", env });
    await platform.say("system", "create", namespace);
    void watchPulls();
    void watchDeployment();
  });
  beforeEach(() => {
    seen = [];
    most = 0;
    found.clear();
  });
  after(async () => {
    watching.abort();
    await installed?.stop();
  });

  function see(what: string, { resourceVersion }: { readonly resourceVersion: string }): void {
    if (!seen.some((one) => one.what === what)) seen.push({ what, revision: Number(resourceVersion) });
  }

  /** Infinity: not yet. */
  function revisionOf(what: string): number {
    return seen.find((one) => one.what === what)?.revision ?? Number.POSITIVE_INFINITY;
  }

  function those(kind: string): string[] {
    return seen.map(({ what }) => what).filter((what) => what.startsWith(kind));
  }

  async function watchPulls(): Promise<void> {
    const { client } = installed.cluster;
    const selection = { namespace, labelSelector: SPREAD_LABEL, signal: watching.signal };
    for await (const event of await client.watch(Pods, selection)) {
      if (event.type === "BOOKMARK") continue;
      const { metadata, spec, status } = event.object;
      const node = spec?.nodeName ?? "";
      if (event.type === "DELETED") {
        alive.delete(metadata.name);
        continue;
      }
      alive.add(metadata.name);
      most = Math.max(most, alive.size);
      see(`pull ${node}`, metadata);
      const state = status?.containerStatuses?.[0]?.state;
      if (state?.running !== undefined || state?.terminated !== undefined) see(`ran ${node}`, metadata);
      if (state?.waiting?.reason !== "CreateContainerConfigError" || found.has(node)) continue;
      see(`refused ${node}`, metadata);
      found.set(node, imagesOn(node));
    }
  }

  async function watchDeployment(): Promise<void> {
    const { client } = installed.cluster;
    for await (const event of await client.watch(Deployments, { namespace, signal: watching.signal })) {
      if (event.type === "BOOKMARK" || event.type === "DELETED") continue;
      const { metadata, spec } = event.object;
      const digest = spec?.template.spec?.containers[0]?.image?.split("@")[1];
      see(`x${spec?.replicas} ${digest}`, metadata);
    }
  }

  async function imagesOn(name: string): Promise<string> {
    const { cluster } = installed;
    const node = cluster.nodes.find((one) => one.name === name)!;
    const { socket } = containerdPaths(containerdOptions(cluster.layout, node));
    const ctr = ["ctr", "--address", socket, "--namespace", "k8s.io", "images", "list", "--quiet"] as const;
    return (await runCommand([...ctr])).stdout;
  }

  async function current(): Promise<{ number: number; digest: string }> {
    const items = await platform.json<Release[]>("releases", ...APP);
    const latest = items.reduce((a, b) => (b.number > a.number ? b : a));
    return { number: latest.number, digest: latest.image.split("@")[1] ?? "" };
  }

  /** Nodes pulled one after the other, ran nothing, and had the image before what needs it was written. */
  async function spreadBefore(digest: string): Promise<void> {
    const grown = revisionOf(`x${REPLICAS} ${digest}`);
    const pulls = those("pull ");
    assert.ok(pulls.length > 0 && grown < Number.POSITIVE_INFINITY, JSON.stringify(seen));
    for (const node of pulls.map((pull) => pull.split(" ")[1]!)) {
      assert.ok(revisionOf(`refused ${node}`) < grown, JSON.stringify(seen));
      assert.ok((await found.get(node))?.includes(digest), `${node} was without the image`);
    }
    assert.equal(most, 1, JSON.stringify(seen));
    assert.deepEqual(those("ran "), []);
    await leavesNothing();
  }

  async function leavesNothing(): Promise<void> {
    const { client } = installed.cluster;
    await eventually(async () => {
      const { items } = await client.list(Pods, { namespace, labelSelector: SPREAD_LABEL });
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        [],
      );
    });
  }

  async function told(reason: string): Promise<string[]> {
    const { items } = await installed.cluster.client.list(Events, { namespace });
    return items
      .filter((event) => event.reason === reason && event.involvedObject.kind === "Application")
      .map(({ message = "" }) => message);
  }

  it("is there before the first release grows beyond one Pod, and nothing of it shows", async () => {
    await platform.json("deploy", example("hello-node"), ...APP, "--replicas", String(REPLICAS));
    const { digest } = await current();
    assert.equal(those("x")[0], `x1 ${digest}`);
    await spreadBefore(digest);
    // The node of the first Pod may have the image by that.
    await eventually(async () =>
      assert.match((await told("ImageSpread")).join(), /^Nodes pulled the image: (\d) of \1 have$/),
    );
    assert.match((await told("SpreadingImage"))[0] ?? "", /^5 Pods wait until nodes have pulled their image/);
    const pods = await platform.json<{ name: string }[]>("ps", ...APP);
    assert.equal(pods.length, REPLICAS);
    assert.doesNotMatch(JSON.stringify(pods) + (await platform.say("events", ...APP)), /wide-pull-/);
  });

  it("is there before a new release begins, also when the controllers are killed meanwhile", async () => {
    const before = await current();
    const source = new Source("hello-node").replace("server.js", "Hello from JDOS", "Hello from everywhere");
    const deploying = platform.json("deploy", source.path, ...APP);
    await eventually(async () => assert.ok(those("pull ").length > 0, "no pull yet"));
    const { client } = installed.cluster;
    const { items } = await client.list(Pods, {
      namespace: "jdos-system",
      labelSelector: "app.kubernetes.io/name=platform-controllers",
    });
    for (const { metadata } of items)
      await client.delete(Pods, { namespace: "jdos-system", name: metadata.name }, { gracePeriodSeconds: 0 });
    await deploying;
    source.remove();
    const after = await current();
    assert.notEqual(after.digest, before.digest);
    await spreadBefore(after.digest);
    assert.deepEqual(those("pull ").sort(), ["pull node-1", "pull node-2"]);
  });

  it("is not looked for by a small scale-up, nor where the nodes name it", async () => {
    await platform.say("scale", ...APP, "--replicas", "1");
    await platform.say("scale", ...APP, "--replicas", "2");
    assert.deepEqual(those("pull "), []);
    // A kubelet says every ten seconds what it has.
    await eventually(async () => {
      await platform.say("scale", ...APP, "--replicas", "2");
      seen = [];
      await platform.say("scale", ...APP, "--replicas", String(REPLICAS));
      assert.deepEqual(those("pull "), []);
    });
    await leavesNothing();
  });
});
