import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { Pods } from "@jdos/api";
import type { Client } from "@jdos/client";
import { FakeClock, silentLogger } from "@jdos/component-base/testing";
import { type CriClient, createCriClient } from "../cri/cri-client.ts";
import { createRuntimeView, type RuntimeView } from "../runtime/runtime-view.ts";
import { isReady, testPod, waitForPod } from "../testing/cluster.ts";
import { TEST_IMAGE, TEST_SANDBOX_IMAGE, TEST_USER_IMAGE } from "../testing/test-image.ts";
import { TestNode } from "../testing/test-node.ts";
import { removeDeadContainers } from "./dead-containers.ts";
import { createImageGc } from "./image-gc.ts";
import { rotatedLogs, rotateLogs } from "./log-rotation.ts";

describe("collectors", () => {
  let node: TestNode;
  let client: Client;
  let cri: CriClient;
  let view: RuntimeView;

  before(async () => {
    node = await TestNode.start();
    client = node.client;
    cri = createCriClient(node.containerd.socket);
    view = createRuntimeView(cri);
  });
  after(async () => {
    cri?.close();
    await node?.stop();
  });

  it("rotateLogs() moves a large log aside, keeps so many, and the container writes on", async () => {
    const script = "trap 'i=$((i+1)); echo line $i' USR1; echo begun; while true; do sleep 0.05; done";
    await client.create(Pods, testPod({ name: "talks", script }));
    const pod = await waitForPod(client, { name: "talks" }, isReady);
    const { uid } = pod!.metadata;
    const container = (await view.refresh(uid))!.containers[0]!;
    const say = async () => {
      const before = await stat(container.logPath).then(
        (found) => found.size,
        () => 0,
      );
      await cri.execSync(container.id, ["sh", "-c", "kill -USR1 1"], 5);
      for (const end = Date.now() + 10_000; Date.now() < end; ) {
        if (
          (await stat(container.logPath).then(
            (found) => found.size,
            () => 0,
          )) > before
        )
          return;
      }
    };
    await say();
    await rotateLogs(cri, view, { maxBytes: 1_000_000 });
    assert.equal((await rotatedLogs(container.logPath)).length, 0);
    await rotateLogs(cri, view, { maxBytes: 1, maxFiles: 2 });
    await say();
    assert.equal((await rotatedLogs(container.logPath)).length, 1);
    assert.ok((await stat(container.logPath)).size > 0);
  });

  it("removeDeadContainers() keeps the newest that ended", async () => {
    const spec = { volumes: [{ name: "v", emptyDir: {} }] };
    const volumeMounts = [{ name: "v", mountPath: "/v" }];
    await client.create(
      Pods,
      testPod({
        name: "crash",
        script: "test -e /v/x && sleep 1000; touch /v/x; exit 1",
        spec,
        container: { volumeMounts },
      }),
    );
    const pod = await waitForPod(
      client,
      { name: "crash" },
      (item) => isReady(item) && item?.status?.containerStatuses?.[0]?.restartCount === 1,
    );
    const [first] = (await view.refresh(pod!.metadata.uid))!.containers.filter(
      (item) => item.state === "CONTAINER_EXITED",
    );
    assert.equal(await removeDeadContainers(cri, view), 0);
    const running = view.get(pod!.metadata.uid)!.containers[0]!;
    await cri.stopContainer(running.id, 0);
    await view.refresh(pod!.metadata.uid);
    assert.equal(await removeDeadContainers(cri, view), 1);
    const left = (await view.refresh(pod!.metadata.uid))!.containers;
    assert.ok(!left.some((item) => item.id === first!.id));
    assert.ok(left.some((item) => item.id === running.id));
  });

  it("createImageGc() removes what was unused for a while, never what is used or kept", async () => {
    const clock = new FakeClock(new Date("2025-01-01T00:00:00Z"));
    const collect = createImageGc({
      cri,
      clock,
      log: silentLogger(),
      highPercent: 0,
      lowPercent: 0,
      keep: [TEST_SANDBOX_IMAGE],
    });
    await collect();
    assert.ok((await cri.imageStatus(TEST_USER_IMAGE)) !== undefined);
    clock.advance(120_000);
    await collect();
    assert.equal(await cri.imageStatus(TEST_USER_IMAGE), undefined);
    assert.ok((await cri.imageStatus(TEST_IMAGE)) !== undefined);
    assert.ok((await cri.imageStatus(TEST_SANDBOX_IMAGE)) !== undefined);
  });
});
