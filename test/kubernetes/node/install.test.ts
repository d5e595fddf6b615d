/** The platform put into a real Kubernetes, changed there, and taken out again, while an application is asked. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ClusterRoleBindings,
  ClusterRoles,
  CustomResourceDefinitions,
  Deployments,
  IngressClasses,
  Namespaces,
  Pods,
} from "@jdos/api";
import { isStatus, type ResourceType } from "@jdos/apimachinery";
import { ask } from "../../e2e/support/http.ts";
import { runJdos } from "../../e2e/support/platform.ts";
import { type InstalledPlatform, startInstalledPlatform } from "../support/installed-platform.ts";

const SCOPE = ["--system", "shop", "--app", "hello"];
const HOST = "hello.shop.jdos.localhost";
const WIDE = [
  ClusterRoles,
  ClusterRoleBindings,
  CustomResourceDefinitions,
  IngressClasses,
] as readonly ResourceType[];

describe("an installation in a cluster", () => {
  let platform: InstalledPlatform;
  before(async () => {
    platform = await startInstalledPlatform();
  });
  after(() => platform?.stop());

  async function jdos(...args: string[]): Promise<string> {
    const env = { JDOS_KUBECONFIG: platform.target.kubeconfig };
    const { exitCode, stdout, stderr } = await runJdos(env, args, { timeoutSeconds: 900 });
    assert.equal(exitCode, 0, stderr);
    return stdout;
  }

  const askHello = () => ask({ ...platform.target.routes, host: HOST });

  async function podNames(): Promise<string[]> {
    const { items } = await platform.cluster.client.list(Pods, {
      namespace: "shop",
      fieldSelector: "status.phase=Running",
    });
    return items.map(({ metadata }) => metadata.name).sort();
  }

  it("deploys, runs a command in a Pod with its exit code, and answers", async () => {
    await jdos("system", "create", "shop");
    await jdos("deploy", "examples/hello-node", ...SCOPE, "--replicas", "2");
    assert.equal((await askHello()).status, 200);
    const env = { JDOS_KUBECONFIG: platform.target.kubeconfig };
    const ran = await runJdos(env, ["exec", ...SCOPE, "--", "sh", "-c", "echo out; exit 7"]);
    assert.deepEqual([ran.exitCode, ran.stdout], [7, "out\n"], ran.stderr);
  });

  it("upgrade replaces every part and no request fails, no Pod of an application ends", async () => {
    const before = await podNames();
    const values = join(platform.cluster.layout.directory, "other-values.json");
    const { registry } = platform.cluster;
    const part = { requests: { cpu: "41m" } };
    const resources = {
      haproxy: part,
      "load-balancer": part,
      "platform-api": part,
      "platform-controllers": part,
    };
    await writeFile(
      values,
      JSON.stringify({ registry: { location: `${registry}/jdos`, url: `http://${registry}` }, resources }),
    );
    const asking = askUntil(jdos("upgrade", "--values", values));
    const { answers, failures } = await asking;
    assert.deepEqual(failures, []);
    assert.ok(answers > 20, `only ${answers} requests`);
    assert.deepEqual(await podNames(), before);
    const { spec } = await platform.cluster.client.get(Deployments, {
      namespace: "jdos-system",
      name: "platform-api",
    });
    assert.equal(spec?.template.spec?.containers[0]?.resources?.requests?.cpu, "41m");
    await jdos("scale", ...SCOPE, "--replicas", "3");
  });

  it("uninstall --applications keep leaves the Pods of applications and nothing of its own", async () => {
    const before = await podNames();
    await jdos("uninstall", "--applications", "keep");
    await leavesNothing();
    // As long as a garbage collector would need to notice.
    await sleep(10_000);
    assert.deepEqual(await podNames(), before);
  });

  /** Asks without pause until the work is done, and a while after. */
  async function askUntil(work: Promise<unknown>): Promise<{ answers: number; failures: string[] }> {
    let over = false;
    const failures: string[] = [];
    let answers = 0;
    const end = work
      .then(() => sleep(3000))
      .finally(() => {
        over = true;
      });
    while (!over) {
      const outcome = await askHello().then(
        ({ status }) => String(status),
        (error: Error) => error.message,
      );
      if (outcome === "200") answers++;
      else failures.push(outcome);
      await sleep(50);
    }
    await end;
    return { answers, failures };
  }

  async function leavesNothing(): Promise<void> {
    const { client } = platform.cluster;
    await assert.rejects(client.get(Namespaces, { name: "jdos-system" }), (error) =>
      isStatus(error, "NotFound"),
    );
    for (const type of WIDE) {
      const { items } = await client.list(type);
      const ours = items.filter(({ metadata }) => metadata.name.includes("jdos"));
      assert.deepEqual(ours, [], type.kind);
    }
  }
});
