import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Pod, Secret } from "@jdos/api";
import { StatusError } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ObjectSource } from "../container/object-source.ts";
import { type CriClient, createCriClient } from "../cri/cri-client.ts";
import { KubeletError } from "../errors.ts";
import type { PodObject } from "../pod/pod.ts";
import { startTestContainerd, type TestContainerd } from "../testing/containerd.ts";
import { startTestRegistry, type TestRegistry } from "../testing/registry.ts";
import { createImagePuller } from "./image-puller.ts";

describe("createImagePuller()", () => {
  let containerd: TestContainerd;
  let registry: TestRegistry;
  let cri: CriClient;
  let now = new Date("2025-01-01T00:00:00Z");

  before(async () => {
    registry = await startTestRegistry({
      users: { node: { password: "n", prefix: "shared/" }, team: { password: "t", prefix: "team/" } },
    });
    containerd = await startTestContainerd();
    cri = createCriClient(containerd.socket);
  });
  after(async () => {
    cri?.close();
    await containerd?.stop();
    await registry?.stop();
  });

  const objects: ObjectSource = {
    configMap: () => Promise.reject(new StatusError("NotFound", "no configmaps here")),
    secret: async (_, name) => {
      if (name !== "team") throw new StatusError("NotFound", `secret "${name}" not found`);
      const auths = { [registry.host]: { auth: Buffer.from("team:t").toString("base64") } };
      const data = { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") };
      return { data } as unknown as Stored<Secret>;
    },
  };
  const puller = () =>
    createImagePuller({
      cri,
      objects,
      credentials: [{ host: registry.host, username: "node", password: "n" }],
      now: () => now,
    });
  const pod = (secrets: string[]) =>
    ({
      metadata: { name: "p", namespace: "d", uid: "u" },
      spec: { containers: [], imagePullSecrets: secrets.map((name) => ({ name })) },
    }) satisfies Pod as unknown as PodObject;
  const container = (path: string, imagePullPolicy?: "Always" | "IfNotPresent") => ({
    name: "c",
    image: `${registry.host}/${path}`,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
  });
  const code = (expected: string) => (error: unknown) =>
    error instanceof KubeletError && error.code === expected;

  it("pulls with the node's credential, says so in events, and keeps the image", async () => {
    const said: string[] = [];
    const events = (_: string, reason: string) => said.push(reason);
    const first = await puller().ensure(pod([]), container("shared/app:1"), events);
    const again = await puller().ensure(pod([]), container("shared/app:1"), events);
    assert.equal(first.id, again.id);
    assert.deepEqual(said, ["Pulling", "Pulled", "Pulled"]);
    assert.deepEqual(registry.pulls, [{ repository: "shared/app", user: "node" }]);
  });

  it("pulls again with policy Always", async () => {
    const before = registry.pulls.length;
    await puller().ensure(pod([]), container("shared/app:1", "Always"), () => undefined);
    assert.equal(registry.pulls.length, before + 1);
  });

  it("tries the Pod's secrets first, passing over one that is missing", async () => {
    await puller().ensure(pod(["absent", "team"]), container("team/app:1"), () => undefined);
    assert.equal(registry.pulls.at(-1)?.user, "team");
  });

  it("backs off after a failure: 10 seconds, then 20", async () => {
    const own = puller();
    const ensure = () => own.ensure(pod([]), container("team/other:1"), () => undefined);
    await assert.rejects(ensure(), code("ErrImagePull"));
    await assert.rejects(ensure(), code("ImagePullBackOff"));
    assert.equal(own.retryAfter(pod([]), container("team/other:1")), 10_000);
    now = new Date(now.getTime() + 10_000);
    await assert.rejects(ensure(), code("ErrImagePull"));
    assert.equal(own.retryAfter(pod([]), container("team/other:1")), 20_000);
  });
});
