import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Applications, Builds, JDOS_DEFINITIONS, Namespaces, Webhooks } from "@jdos/api";
import { webhookSecret } from "@jdos/api/webhook-secret";
import { startTestServer } from "@jdos/apiserver/testing";
import { eventually } from "@jdos/component-base/testing";
import { accountKubeconfig, type StartedPart, startPart } from "@jdos/controller-runtime/testing";
import { commit, githubPush } from "../testing/hooks/payloads.ts";
import { applyRights, signed } from "../testing/hooks/start-test-hooks.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
const KEY = "a-master-key-of-the-test";
const KILLS = 5;

test("a delivery that was answered with 202 is built once, though the process is killed at any moment after", async () => {
  const directory = await mkdtemp(join(tmpdir(), "jdos-hooks-"));
  const server = await startTestServer({ https: true, crds: JDOS_DEFINITIONS });
  const client = server.adminClient();
  let part: StartedPart | undefined;
  try {
    await applyRights(client);
    const at = { client, url: server.url, caPem: server.caPem };
    const kubeconfig = await accountKubeconfig(at, {
      namespace: "jdos-system",
      name: "git-server",
      directory,
    });
    await client.create(Namespaces, { metadata: { name: "demo" } });
    await client.create(Applications, {
      metadata: { namespace: "demo", name: "shop" },
      spec: { source: { git: { url: "https://git.example.org/octocat/shop.git" } } },
    });
    const { metadata } = await client.create(Webhooks, {
      metadata: { namespace: "demo", name: "shop" },
      spec: { application: "shop", forge: "github" },
    });
    const secret = webhookSecret(KEY, { uid: metadata.uid });
    await writeFile(join(directory, "key"), KEY);
    const begin = async (): Promise<string> => {
      part = startPart(MAIN, [
        ...["--kubeconfig", kubeconfig, "--data-directory", join(directory, "data")],
        ...["--listen-address", "127.0.0.1:0", "--webhook-key-file", join(directory, "key")],
        ...["--platform-url", "http://127.0.0.1:1"],
      ]);
      return String((await part.said("Serving git")).url);
    };
    const end = async (name: string): Promise<void> => {
      await client.patch(
        Builds,
        { namespace: "demo", name },
        { type: "merge", body: { status: { phase: "Succeeded" } } },
        { subresource: "status" },
      );
    };
    let url = await begin();
    for (let number = 1; number <= KILLS; number++) {
      const body = JSON.stringify(githubPush({ after: commit(number) }));
      const headers = signed.github(secret, body, { id: `delivery-${number}` });
      const answer = await fetch(`${url}/hooks/demo/shop`, { method: "POST", body, headers });
      assert.equal(answer.status, 202);
      // The first at once, the others a little later each: before, while and after the Build is made.
      await new Promise((resolve) => setTimeout(resolve, (number - 1) * 15));
      part!.kill("SIGKILL");
      await part!.ended;
      url = await begin();
      await eventually(async () =>
        assert.ok((await delivery(`delivery-${number}`))?.build === `shop-b${number}`),
      );
      await end(`shop-b${number}`);
      await eventually(async () => assert.ok((await delivery(`delivery-${number}`))?.outcome === "Built"));
    }
    const { items } = await client.list(Builds, { namespace: "demo" });
    assert.deepEqual(
      items.map(({ spec }) => [spec.trigger?.delivery, spec.source.git?.revision]),
      Array.from({ length: KILLS }, (_, index) => [`delivery-${index + 1}`, commit(index + 1)]),
    );
  } finally {
    part?.kill("SIGKILL");
    await part?.ended;
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }

  async function delivery(id: string) {
    const { status } = await client.get(Webhooks, { namespace: "demo", name: "shop" });
    return status?.deliveries?.find((one) => one.id === id);
  }
});
