/** Log server and collector as the processes that a cluster has of them, the second with the rights that install gives it. */
import assert from "node:assert/strict";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  APPLICATION_LABEL,
  ClusterRoleBindings,
  ClusterRoles,
  LOG_ROUTES,
  type LogPage,
  Namespaces,
  Pods,
  RELEASE_LABEL,
} from "@jdos/api";
import type { KubeObject } from "@jdos/apimachinery";
import { runCli } from "@jdos/cli/testing";
import { sendHttp } from "@jdos/component-base";
import { freePort } from "@jdos/component-base/testing";
import { accountKubeconfig, type StartedPart, startPart } from "@jdos/controller-runtime/testing";
import { logText } from "@jdos/log-server/testing";
import { parseAllDocuments } from "yaml";
import { eventually } from "../e2e/support/process.ts";
import { type SimulatedCluster, startSimulatedCluster } from "./support/cluster.ts";

const PACKAGE = join(import.meta.dirname, "../../packages/log-server/src");
const WRITES = "a-key-of-32-bytes-that-gives-lines";
const READS = "a-key-of-32-bytes-that-asks-for-them";
const BEGIN = Date.now() - 60_000;

describe("log server and collector as processes", () => {
  let cluster: SimulatedCluster;
  let port: number;
  let file: string;
  let kubeconfig: string;
  let server: StartedPart;
  let collector: StartedPart;
  const parts: StartedPart[] = [];
  before(async () => {
    cluster = await startSimulatedCluster();
    const { client, directory } = cluster;
    port = await freePort();
    await writeFile(at("write"), `${WRITES}\n`);
    await writeFile(at("read"), READS);
    kubeconfig = await giveRights();
    await client.create(Namespaces, { metadata: { name: "demo" } });
    const { metadata } = await client.create(Pods, {
      metadata: {
        namespace: "demo",
        name: "hello-1",
        labels: { [APPLICATION_LABEL]: "hello", [RELEASE_LABEL]: "3" },
      },
      spec: { nodeName: "n1", containers: [{ name: "app", image: "i" }] },
    });
    const logs = join(directory, "pods", `demo_hello-1_${metadata.uid}`, "app");
    await mkdir(logs, { recursive: true });
    file = join(logs, "0.log");
    await write(0, 100);
  });
  after(async () => {
    for (const part of parts) {
      part.kill("SIGKILL");
      await part.ended;
    }
    await cluster?.stop();
  });

  const at = (name: string): string => join(cluster.directory, name);
  const begin = (main: string, ...args: string[]): StartedPart => {
    const part = startPart(join(PACKAGE, main), args);
    parts.push(part);
    return part;
  };
  const beginServer = (): StartedPart =>
    begin(
      "main.ts",
      ...["--kubeconfig", kubeconfig, "--listen-address", `127.0.0.1:${port}`],
      ...["--write-key-file", at("write"), "--read-key-file", at("read"), "--data-directory", at("store")],
    );
  const beginCollector = (): StartedPart =>
    begin(
      "collector/main.ts",
      ...["--kubeconfig", kubeconfig, "--log-server-url", `http://127.0.0.1:${port}`],
      ...["--log-key-file", at("write"), "--logs-directory", at("pods"), "--node-name", "n1"],
    );

  /** The account as install would leave it: with the rights of its manifest and no others. */
  async function giveRights(): Promise<string> {
    const { client, server: api, directory } = cluster;
    const target = ["--kubeconfig", api.adminKubeconfig, "--registry", "127.0.0.1:5000/team"];
    const { stdout, stderr, exitCode } = await runCli(["install", "--dry-run", ...target], undefined);
    assert.equal(exitCode, 0, stderr);
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubeObject);
    for (const type of [ClusterRoles, ClusterRoleBindings] as (typeof ClusterRoles)[]) {
      const found = objects.find(
        ({ kind, metadata }) => kind === type.kind && metadata?.name === "jdos-log-collector",
      );
      await client.create(type, found as never);
    }
    const reached = { client, url: api.url, caPem: api.caPem };
    return accountKubeconfig(reached, { namespace: "jdos-system", name: "log-collector", directory });
  }

  /** Appends lines to the container's log. */
  async function write(from: number, count: number): Promise<void> {
    const lines = Array.from({ length: count }, (_, line) => `line ${from + line}`);
    await appendFile(file, logText(lines, { from, begin: BEGIN }));
  }

  async function ask(key: string): Promise<{ status: number; page: LogPage }> {
    const path = `${LOG_ROUTES.lines}?system=demo&application=hello&order=oldest&limit=2000`;
    const headers = { authorization: `Bearer ${key}` };
    const { status, text } = await sendHttp({ url: `http://127.0.0.1:${port}`, path, headers });
    return { status, page: JSON.parse(text) as LogPage };
  }

  async function keeps(count: number): Promise<void> {
    await eventually(async () => {
      const { lines } = (await ask(READS)).page;
      assert.deepEqual(
        lines.map(({ line }) => line),
        Array.from({ length: count }, (_, number) => `line ${number}`),
      );
    }, 30);
  }

  it("lines of a node's files come to the server, and each key opens one door alone", async () => {
    server = beginServer();
    await server.ready();
    collector = beginCollector();
    await collector.ready();
    await keeps(100);
    const { page } = await ask(READS);
    const { pod, container, release } = page.lines[0]!;
    assert.deepEqual([pod, container, release], ["hello-1", "app", 3]);
    assert.equal((await ask(WRITES)).status, 401);
    const given = await sendHttp({
      url: `http://127.0.0.1:${port}`,
      path: LOG_ROUTES.lines,
      headers: { authorization: `Bearer ${READS}` },
      body: '{"runs":[]}',
    });
    assert.equal(given.status, 401);
    assert.match((await collector.health("/metrics")).text, /jdos_log_lines_total 100/);
  });

  it("kill -9 of server and of collector while lines are written: each line is kept once", async () => {
    server.kill("SIGKILL");
    await server.ended;
    await write(100, 500);
    await collector.said("Lines were not taken: they wait in their files");
    server = beginServer();
    await keeps(600);
    collector.kill("SIGKILL");
    await collector.ended;
    await write(600, 200);
    collector = beginCollector();
    await keeps(800);
  });

  it("SIGTERM ends both in order", async () => {
    for (const part of [collector, server]) {
      part.kill("SIGTERM");
      assert.equal(await part.ended, 0, part.text());
    }
  });

  it("a start without its key says what is missing", async () => {
    const keyless = begin("main.ts", "--kubeconfig", kubeconfig);
    assert.equal(await keyless.ended, 1);
    assert.match(keyless.text(), /InvalidOption: Cannot start: --write-key-file is not given\nhint: /);
    const args = ["--log-server-url", "http://x", "--log-key-file", at("nowhere"), "--node-name", "n1"];
    const blind = begin("collector/main.ts", "--kubeconfig", kubeconfig, ...args);
    assert.equal(await blind.ended, 1);
    assert.match(blind.text(), /InvalidOption: Cannot read ".*nowhere": .*\nhint: .*log-server-keys/);
  });
});
