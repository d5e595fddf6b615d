import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ClusterRoleBindings, ConfigMaps, Leases, RoleBindings, Roles } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { eventually } from "@jdos/component-base/testing";
import { accountKubeconfig, type StartedPart, startPart } from "../testing/index.ts";

const MAIN = join(import.meta.dirname, "../testing/example-part.ts");
const LEASE = { namespace: "jdos-system", name: "example" };
const subject = { kind: "ServiceAccount", namespace: "jdos-system", name: "example" };

describe("runProcess", () => {
  let server: TestServer;
  let client: Client;
  let directory: string;
  let kubeconfig: string;
  let round = 0;
  let note: string;
  const parts: StartedPart[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-process-"));
    server = await startTestServer({ https: true });
    client = server.adminClient();
    const at = { client, url: server.url, caPem: server.caPem };
    kubeconfig = await accountKubeconfig(at, { ...LEASE, directory });
    await client.create(ClusterRoleBindings, {
      metadata: { name: "example" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [subject],
    });
  });
  beforeEach(() => {
    note = `round${++round}`;
  });
  afterEach(async () => {
    for (const part of parts.splice(0)) {
      part.kill("SIGKILL");
      await part.ended;
    }
    await client.delete(Leases, LEASE).catch(() => {});
  });
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  function begin(...args: string[]): StartedPart {
    const all = ["--kubeconfig", kubeconfig, "--lease-seconds", "6", "--note", note, ...args];
    const part = startPart(MAIN, all);
    parts.push(part);
    return part;
  }

  const notes = async (): Promise<number> =>
    (await client.list(ConfigMaps, { namespace: "default" })).items.filter(({ metadata }) =>
      metadata.name.startsWith(note),
    ).length;
  const holder = async () => (await client.get(Leases, LEASE)).spec?.holderIdentity;

  it("a replica that waits is ready and does nothing; it begins when the leader is killed", async () => {
    const first = begin("--identity", "first");
    await first.said("Started part");
    const second = begin("--identity", "second");
    await second.ready();
    assert.match((await second.health("/readyz")).text, /\[\+\]lease ok/);
    assert.match((await second.health("/metrics")).text, /leader_election_master_status\{name="example"\} 0/);
    assert.match((await first.health("/metrics")).text, /leader_election_master_status\{name="example"\} 1/);
    assert.equal(await holder(), "first");
    assert.equal(
      second.log.find(({ msg }) => msg === "Started part"),
      undefined,
    );
    first.kill("SIGKILL");
    await second.said("Started part");
    assert.equal(await holder(), "second");
  });

  it("SIGTERM ends the leader in order: the part is stopped, the lease released, the exit code 0", async () => {
    const part = begin();
    await part.said("Started part");
    part.kill("SIGTERM");
    assert.equal(await part.ended, 0);
    assert.deepEqual(
      part.log.map(({ msg }) => msg).filter((msg) => msg === "Stopped part" || msg === "Ended process"),
      ["Stopped part", "Ended process"],
    );
    assert.equal(await holder(), "");
  });

  it("SIGTERM ends one who waits", async () => {
    begin();
    await parts[0]!.said("Started part");
    const second = begin();
    await second.ready();
    second.kill("SIGTERM");
    assert.equal(await second.ended, 0);
  });

  it("who loses the lease ends at once with 1", async () => {
    const part = begin();
    await part.said("Started part");
    const lease = await client.get(Leases, LEASE);
    const spec = {
      ...lease.spec,
      holderIdentity: "other",
      renewTime: new Date().toISOString().replace("Z", "000Z"),
    };
    await client.update(Leases, { ...lease, spec } as never);
    assert.equal(await part.ended, 1);
    const written = await notes();
    await sleep(200);
    assert.equal(await notes(), written);
  });

  it("a leader that has more to do than it may ask keeps its lease", async () => {
    note = "busy";
    const part = begin("--queries-per-second", "10", "--identity", "busy");
    await part.said("Started part");
    const began = (await client.get(Leases, LEASE)).spec?.renewTime;
    await sleep(6000);
    assert.equal(await holder(), "busy");
    assert.notEqual((await client.get(Leases, LEASE)).spec?.renewTime, began);
    assert.equal((await part.health("/readyz")).status, 200);
  });

  it("within: every replica works, one leads, and goes on working when it leads no more", async () => {
    const first = begin("--within");
    const second = begin("--within");
    await Promise.all([first.said("Started part"), second.said("Started part")]);
    await Promise.race([first.said("Became leader"), second.said("Became leader")]);
    await eventually(async () => assert.ok((await notes()) > 0));
    assert.equal(await notes(), 1);
    const leader = first.log.some(({ msg }) => msg === "Became leader") ? first : second;
    const lease = await client.get(Leases, LEASE);
    const spec = {
      ...lease.spec,
      holderIdentity: "other",
      renewTime: new Date().toISOString().replace("Z", "000Z"),
    };
    await client.update(Leases, { ...lease, spec } as never);
    await leader.said("Lost the lease: another does what one does alone");
    assert.equal((await leader.health("/readyz")).status, 200);
  });

  it("one that may not have the lease is not ready", async () => {
    const account = { namespace: "jdos-system", name: "powerless" };
    const at = { client, url: server.url, caPem: server.caPem };
    const part = startPart(MAIN, ["--kubeconfig", await accountKubeconfig(at, { ...account, directory })]);
    parts.push(part);
    await part.said("Cannot reach lease");
    const { status, text } = await part.health("/readyz");
    assert.equal(status, 503);
    assert.match(text, /\[-\]lease failed: the lease "example" cannot be reached/);
  });

  it("--leader-election false begins at once, without a Lease", async () => {
    const part = begin("--leader-election", "false");
    await part.said("Started part");
    await assert.rejects(client.get(Leases, LEASE));
  });

  it("what cannot start says why, and gives the lease back", async () => {
    note = "broken";
    const part = begin();
    assert.equal(await part.ended, 1);
    assert.match(part.text(), /^Broken: Cannot start: it is broken$/m);
    assert.equal(await holder(), "");
  });

  it("the Role that docs/cluster-processes.md names is enough for the lease", async () => {
    const account = { namespace: "jdos-system", name: "modest" };
    const at = { client, url: server.url, caPem: server.caPem };
    const own = await accountKubeconfig(at, { ...account, directory });
    const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
    await client.create(Roles, {
      metadata: account,
      rules: [
        { ...leases, verbs: ["create"] },
        { ...leases, verbs: ["get", "update"], resourceNames: ["example"] },
      ],
    });
    await client.create(RoleBindings, {
      metadata: account,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "modest" },
      subjects: [{ kind: "ServiceAccount", ...account }],
    });
    const part = startPart(MAIN, ["--kubeconfig", own]);
    parts.push(part);
    await part.said("Started part");
  });
});
