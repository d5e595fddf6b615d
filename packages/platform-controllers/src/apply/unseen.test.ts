import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Deployments, Jobs } from "@jdos/api";
import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";

/** What is acknowledged while this is set is gone before anybody has seen it. */
let vanishing = true;

const through = (real: Client): Client =>
  new Proxy(real, {
    get: (target, name) => {
      const member = Reflect.get(target, name, target);
      if (name !== "create") return typeof member === "function" ? member.bind(target) : member;
      return async (type: ResourceType, object: KubeObject, ...rest: []) => {
        const vanishes = vanishing && (type.kind === "Job" || type.kind === "Deployment");
        return vanishes
          ? target.create(type, object, { dryRun: true })
          : target.create(type, object, ...rest);
      };
    },
  });

const key = (name: string) => ({ namespace: "demo", name });

describe("what is gone before its informer has shown it", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ through });
    await platform.createSystem("demo");
  });
  after(() => platform.stop());

  async function isMade(type: ResourceType, name: string): Promise<void> {
    await platform.idle();
    await assert.rejects(platform.client.get(type, key(name)), (error) => isStatus(error, "NotFound"));
    vanishing = false;
    await platform.until(type, key(name), () => true);
    vanishing = true;
  }

  it("a build's Job is made again though nothing happens", async () => {
    await platform.createApplication("app", {});
    await platform.createBuild("app", 1);
    await isMade(Jobs, "app-b1");
  });

  it("a Release's Deployment is made again though nothing happens", async () => {
    const image = { reference: `registry.jdos.internal/demo/app@sha256:${"a".repeat(64)}` };
    await platform.createApplication("bare", { source: { image } });
    await isMade(Deployments, "bare");
  });
});
