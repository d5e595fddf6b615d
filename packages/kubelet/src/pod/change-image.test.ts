import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Events, type Pod, Pods } from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import { createCriClient } from "../cri/cri-client.ts";
import { isReady, testPod, waitForPod } from "../testing/cluster.ts";
import { TEST_IMAGE, TEST_NEXT_IMAGE } from "../testing/test-image.ts";
import { TestNode } from "../testing/test-node.ts";

const namespace = "default";
/** Says what image it runs from, and ends with success when it is told to. */
const SCRIPT = 'echo "from $FROM_IMAGE"; trap "exit 0" TERM; while true; do sleep 0.05; done';

describe("kubelet, a running Pod's image is changed", () => {
  let node: TestNode;
  let client: Client;

  before(async () => {
    node = await TestNode.start();
    client = node.client;
  });
  after(() => node?.stop());

  async function run(pod: Pod): Promise<Stored<Pod>> {
    await client.create(Pods, pod);
    return (await waitForPod(client, { name: pod.metadata!.name! }, isReady))!;
  }

  const setImage = (name: string, image: string) =>
    client.patch(
      Pods,
      { namespace, name },
      { type: "strategic", body: { spec: { containers: [{ name: "main", image }] } } },
    );

  const again = (name: string, restartCount = 1) =>
    waitForPod(client, { name }, (pod) => {
      const status = statusOf(pod, "main");
      return status?.restartCount === restartCount && status.state?.running !== undefined && isReady(pod);
    });

  /** Resolves when the container's log says so. */
  async function says({ metadata }: Stored<Pod>, restart: number, what: RegExp): Promise<void> {
    const directory = `${namespace}_${metadata.name}_${metadata.uid}`;
    const path = join(node.containerd.directory, "kubelet/logs", directory, "main", `${restart}.log`);
    for (const end = Date.now() + 10_000; !what.test(readFileSync(path, "utf8")); await sleep(20))
      assert.ok(Date.now() < end, readFileSync(path, "utf8"));
  }

  async function sandboxes(uid: string): Promise<string[]> {
    const cri = createCriClient(node.containerd.socket);
    try {
      const found = await cri.listPodSandboxes({ labelSelector: { "io.kubernetes.pod.uid": uid } });
      return found.map(({ id }) => id);
    } finally {
      cri.close();
    }
  }

  it("its container alone starts again from it, in the same sandbox, after its preStop handler", async () => {
    const pod = testPod({
      name: "changed",
      script: SCRIPT,
      container: {
        lifecycle: { preStop: { exec: { command: ["sh", "-c", "echo asked > /dev/termination-log"] } } },
      },
    });
    pod.spec!.containers.push({ name: "beside", image: TEST_IMAGE, imagePullPolicy: "Never" });
    const first = await run(pod);
    const sandbox = await sandboxes(first.metadata.uid);
    await setImage("changed", TEST_NEXT_IMAGE);
    const next = (await again("changed"))!;
    await says(first, 0, /from yes/);
    await says(next, 1, /from next/);
    assert.deepEqual(await sandboxes(next.metadata.uid), sandbox);
    assert.equal(next.metadata.uid, first.metadata.uid);
    assert.equal(next.spec?.nodeName, first.spec?.nodeName);
    assert.equal(next.status?.podIP, first.status?.podIP);
    const main = statusOf(next, "main");
    assert.equal(main?.image, TEST_NEXT_IMAGE);
    assert.notEqual(main?.imageID, statusOf(first, "main")?.imageID);
    assert.equal(main?.lastState?.terminated?.message, "asked\n");
    assert.equal(main?.lastState?.terminated?.exitCode, 0);
    assert.equal(statusOf(next, "beside")?.containerID, statusOf(first, "beside")?.containerID);
    const { items } = await client.list(Events, { namespace });
    const killing = items.filter(
      ({ reason, involvedObject }) => reason === "Killing" && involvedObject?.name === "changed",
    );
    assert.deepEqual(
      killing.map(({ message }) => message),
      ["Container main definition changed, will be restarted"],
    );
  });

  it("it is changed back and forth without a back-off, and a restart of the kubelet changes nothing", async () => {
    await setImage("changed", TEST_IMAGE);
    await again("changed", 2);
    await setImage("changed", TEST_NEXT_IMAGE);
    const last = (await again("changed", 3))!;
    await node.restartKubelet();
    await run(testPod({ name: "witness" }));
    const now = await client.get(Pods, { namespace, name: "changed" });
    assert.deepEqual(now.status?.containerStatuses, last.status?.containerStatuses);
  });

  it("a kubelet that was away meanwhile finds it", async () => {
    await node.restartKubelet(() => setImage("changed", TEST_IMAGE));
    const pod = (await again("changed", 4))!;
    await says(pod, 4, /from yes/);
  });

  for (const restartPolicy of ["Never", "OnFailure"] as const) {
    it(`the restart policy ${restartPolicy} does not stop it, and the Pod has not ended meanwhile`, async () => {
      const name = `policy-${restartPolicy.toLowerCase()}`;
      const { metadata } = await run(testPod({ name, script: SCRIPT, spec: { restartPolicy } }));
      const stop = new AbortController();
      const phases = new Set<string | undefined>();
      const events = await client.watch(Pods, {
        namespace,
        fieldSelector: `metadata.name=${name}`,
        resourceVersion: metadata.resourceVersion,
        signal: stop.signal,
      });
      const watching = (async () => {
        for await (const event of events)
          if (event.type !== "BOOKMARK") phases.add(event.object.status?.phase);
      })().catch(() => undefined);
      await setImage(name, TEST_NEXT_IMAGE);
      const pod = (await again(name))!;
      stop.abort();
      await watching;
      await says(pod, 1, /from next/);
      assert.deepEqual([...phases], ["Running"]);
    });
  }

  it("a container that crashes over and over starts at once from another image", async () => {
    const script = '[ "$FROM_IMAGE" = next ] || exit 3; sleep 1000';
    await client.create(Pods, testPod({ name: "mended", script }));
    await waitForPod(
      client,
      { name: "mended" },
      (pod) => statusOf(pod, "main")?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    const since = Date.now();
    await setImage("mended", TEST_NEXT_IMAGE);
    await again("mended", 2);
    assert.ok(Date.now() - since < 9000, "the back-off of 10 s is the other image's");
  });

  it("a readiness gate that is taken back takes a Pod out, and its image is changed meanwhile", async () => {
    const type = "example.com/serving";
    const gate = (status: "True" | "False") =>
      client.patch(
        Pods,
        { namespace, name: "gated" },
        { type: "strategic", body: { status: { conditions: [{ type, status }] } } },
        { subresource: "status" },
      );
    const readinessGates = [{ conditionType: type }];
    await client.create(Pods, testPod({ name: "gated", script: SCRIPT, spec: { readinessGates } }));
    const isOut = (pod: Stored<Pod> | undefined) =>
      pod?.status?.conditions?.some((one) => one.type === "Ready" && one.reason === "ReadinessGatesNotReady");
    await waitForPod(client, { name: "gated" }, (pod) => isOut(pod) === true);
    await gate("True");
    await waitForPod(client, { name: "gated" }, isReady);
    await gate("False");
    await waitForPod(client, { name: "gated" }, (pod) => isOut(pod) === true);
    await setImage("gated", TEST_NEXT_IMAGE);
    await waitForPod(
      client,
      { name: "gated" },
      (pod) => statusOf(pod, "main")?.restartCount === 1 && isOut(pod) === true,
    );
    await gate("True");
    await again("gated");
  });

  it("an image that is not there keeps it waiting until it is given another", async () => {
    await run(testPod({ name: "wrong", script: SCRIPT }));
    await setImage("wrong", "registry.test.internal/none:1");
    await waitForPod(
      client,
      { name: "wrong" },
      (pod) => statusOf(pod, "main")?.state?.waiting?.reason === "ErrImageNeverPull",
    );
    await setImage("wrong", TEST_NEXT_IMAGE);
    const pod = (await again("wrong"))!;
    await says(pod, 1, /from next/);
  });
});

function statusOf(pod: Stored<Pod> | undefined, name: string) {
  return pod?.status?.containerStatuses?.find((one) => one.name === name);
}
