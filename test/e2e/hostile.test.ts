import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { BuildView } from "@jdos/api/platform-api";
import { ask } from "./support/http.ts";
import { MachinePlatform, startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually, runProgram } from "./support/process.ts";
import { Source } from "./support/sources.ts";
import { except } from "./support/target.ts";

const OTHER = "e2e-victims";
const CORE_PATTERN = "/proc/sys/kernel/core_pattern";
const BASE = "FROM registry.jdos.internal/jdos/base:12";
/** What processes are called that a build leaves behind. */
const LEFT = "hostile-left-behind";
const BOMB = "hostile-fork-bomb";
const flags = (system: string, app: string) => ["--system", system, "--app", app];

/** Asks for each address and says what came of it; runs in a step. */
const PROBE = `
import { connect } from "node:net";
import { readFileSync } from "node:fs";
const targets = JSON.parse(readFileSync("/targets.json", "utf8"));
await Promise.all(Object.entries(targets).map(([name, [host, port]]) => new Promise((resolve) => {
  const socket = connect({ host, port });
  const say = (what) => { console.log("reach", name, what); socket.destroy(); resolve(); };
  socket.setTimeout(4000, () => say("silent"));
  socket.on("error", ({ code }) => say(code));
  socket.on("connect", () => say("open"));
})));
`;

/** What root of a step may try within its chroot: other containers, devices, the kernel. */
const ESCAPES = `
cat /proc/1/root/etc/jdos/registry/.dockerconfigjson /proc/1/environ && echo ESCAPED
mknod /disk b 254 0 && echo ESCAPED
echo x >${CORE_PATTERN} && echo ESCAPED
perl /escape.pl
setsid perl -e '$0 = "${LEFT}"; sleep 600' >/dev/null 2>&1 &
sleep 1
echo tried everything
`;

/** A proc of its own, and out of the chroot into the container. Source: mount(2), MS_REMOUNT and MS_BIND. */
const ESCAPES_PERL = `
my ($none, $proc, $at, $jdos) = ("none", "proc", "/m", "/jdos");
mkdir $at;
print "ESCAPED proc\\n" if syscall(165, $none, $at, $proc, 0, 0) == 0 && open(my $f, ">", "/m/sys/kernel/core_pattern");
mkdir "/e"; chroot "/e"; chdir ".." for 1..64; chroot ".";
print "left the chroot\\n" if -d "/exchange";
system("find / -xdev -name .dockerconfigjson | grep . && echo ESCAPED");
print "ESCAPED write\\n" if open(my $f, ">", "/jdos/hostile");
print "ESCAPED remount\\n" if syscall(165, $none, $jdos, $none, 32 | 4096, 0) == 0 && open(my $f, ">", "/jdos/hostile");
print "ESCAPED token\\n" if -e "/var/run/secrets/kubernetes.io";
print "ESCAPED host\\n" if -e "${import.meta.filename}";
`;

/** More processes, more lines and one longer line than a build can have, until its time is over. */
const FLOOD = `
setsid perl -e '$0 = "${BOMB}"; fork while 1' >/dev/null 2>&1 &
head -c 50000000 /dev/zero | tr '\\\\0' a
yes "flooding the log"
`;

/**
 * What took builders of images out of their containers: a working directory behind a descriptor that the runtime left
 * open (CVE-2024-21626), a link where a mount has its source (CVE-2024-1753) or a cache its folder (CVE-2024-9675), a link
 * that comes while its mount is made or cleared (CVE-2024-23651, -23652, CVE-2024-11218), and a directory that becomes a
 * link while files are copied into it.
 */
const ways = (marker: string): string => `${BASE} AS links
RUN ln -s / /root-link && mkdir -p /kept && ln -s /../../../../.. /kept/up
${BASE}
${[3, 5, 7, 8, 9, 11]
  .map((fd) => `WORKDIR /proc/self/fd/${fd}\nRUN cat ../../../../../../..${marker} || true`)
  .join("\n")}
WORKDIR /
RUN --mount=type=bind,from=links,source=/root-link,target=/m,rw cat /m${marker} || true
RUN --mount=type=cache,id=way,target=/c ln -sfn ../../../../../../../.. /c/up
RUN --mount=type=cache,id=way,source=up,target=/d cat /d${marker} || true
RUN --mount=type=cache,id=../../../../../../..,target=/d cat /d${marker} || true
RUN --mount=type=bind,from=links,source=/kept,target=/gone/at rm -rf /gone; ln -s ${marker} /gone || true
RUN mkdir -p /swap/real; (while :; do rm -rf /swap/at; ln -s ${marker.replace(/\/[^/]*$/, "")} /swap/at; rm -f /swap/at; mkdir /swap/at; done) >/dev/null 2>&1 &
COPY server.js /swap/at/marker
COPY server.js /swap/at/
RUN echo tried every way
CMD ["node", "/app/server.js"]
`;

/** Its network: what a cluster's Pods reach is for its own to enforce, and the one of the tests does not. */
const ENFORCED = except("kubernetes", "the network of the tests' cluster enforces no NetworkPolicies");

describe("what hostile sources and Dockerfiles cannot do", { concurrency: true }, () => {
  let platform: TestPlatform;
  let hosts: Server[];
  const sources: Source[] = [];

  before(async () => {
    platform = await startPlatform();
    const { exitCode, stderr } = await platform.jdos("system", "create", OTHER);
    assert.ok(exitCode === 0 || stderr.startsWith("AlreadyExists"), stderr);
    await platform.json("deploy", source().path, ...flags(OTHER, "victim"));
  });
  after(async () => {
    for (const each of sources) each.remove();
    for (const host of hosts ?? []) host.close();
    await platform?.jdos("system", "delete", OTHER);
    await platform?.stop();
  });

  function source(files: Readonly<Record<string, string>> = {}): Source {
    const made = new Source("hello-node");
    for (const [name, text] of Object.entries(files)) made.write(name, text);
    sources.push(made);
    return made;
  }

  async function object<T>(...args: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await platform.kubectl(["get", ...args, "-o", "json"]);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as T;
  }

  async function buildOf(app: string): Promise<BuildView> {
    const [newest] = await platform.json<BuildView[]>("builds", ...flags("e2e", app));
    assert.ok(newest);
    return newest;
  }

  async function victimServes(): Promise<void> {
    const { status, body } = await ask({ ...platform.routes, host: `victim.${OTHER}.jdos.localhost` });
    assert.equal(status, 200, body);
  }

  /** Whatever a build started ends with its Pod. */
  async function nothingRuns(name: string): Promise<void> {
    await eventually(async () => {
      const running = readdirSync("/proc").filter(
        (pid) => /^\d+$/.test(pid) && commandOf(pid).startsWith(name),
      );
      assert.deepEqual(running, []);
    });
  }

  async function listen(address: string): Promise<[string, number]> {
    const server = createServer((_request, response) => response.end("of the host"));
    server.listen(0, address);
    await once(server, "listening");
    hosts = [...(hosts ?? []), server];
    return [address, (server.address() as AddressInfo).port];
  }

  it(
    "steps reach the outside, DNS and the registry, and nothing of the node or of other systems",
    ENFORCED,
    async () => {
      assert.ok(platform instanceof MachinePlatform);
      const { pods, services, ports } = platform.names;
      const [, local] = await listen("127.0.0.1");
      const [node] = (
        await object<{ items: { status: { daemonEndpoints: { kubeletEndpoint: { Port: number } } } }[] }>(
          "nodes",
        )
      ).items;
      const victims = await object<{ items: { status: { podIP: string } }[] }>(
        "pods",
        "-n",
        OTHER,
        "-l",
        "jdos.io/application=victim",
      );
      const victim = await object<{ spec: { clusterIP: string; ports: { port: number }[] } }>(
        "service",
        "victim",
        "-n",
        OTHER,
      );
      const targets: Record<string, [string, number]> = {
        loopback: ["127.0.0.1", local],
        "loopback-by-gateway": [pods.gateway, local],
        "host-service": await listen(pods.gateway),
        kubelet: [pods.gateway, node?.status.daemonEndpoints.kubeletEndpoint.Port ?? 0],
        api: [pods.gateway, ports.kubernetes],
        "api-service": [services.kubernetes, 443],
        "other-pod": [victims.items[0]?.status.podIP ?? "", 8080],
        "other-service": [victim.spec.clusterIP, victim.spec.ports[0]?.port ?? 0],
        metadata: ["169.254.169.254", 80],
        registry: [services.registry, 5000],
        tokens: [pods.gateway, ports.platform],
        outside: await listen(platform.hostAddress),
      };
      const app = source({
        "probe.mjs": PROBE,
        "targets.json": JSON.stringify(targets),
        Dockerfile: `${BASE}\nCOPY probe.mjs targets.json /\nRUN node /probe.mjs; exit 1\n`,
      });
      await platform.jdos("deploy", app.path, ...flags("e2e", "prober"));
      const log = await platform.say("build", "log", "1", "-f", ...flags("e2e", "prober"));
      const reached = Object.fromEntries(
        [...log.matchAll(/^reach (\S+) (\S+)$/gm)].map(([, name, what]) => [name, what]),
      );
      assert.deepEqual(Object.keys(reached).sort(), Object.keys(targets).sort(), log);
      const open = Object.keys(reached).filter((name) => reached[name] === "open");
      // The registry and the platform API, which gives its tokens, answer 401 without a credential.
      assert.deepEqual(open.sort(), ["outside", "registry", "tokens"]);
      await victimServes();
    },
  );

  it("root of a step gets no credential, no device and no file of the host, and leaves no process", async () => {
    const pattern = readFileSync(CORE_PATTERN, "utf8");
    const app = source({
      "escape.sh": ESCAPES,
      "escape.pl": ESCAPES_PERL,
      Dockerfile: `${BASE}\nCOPY escape.sh escape.pl /\nCOPY server.js /app/\nRUN sh /escape.sh\nCMD ["node", "/app/server.js"]\n`,
    });
    await platform.jdos("deploy", app.path, ...flags("e2e", "escape"));
    const log = await platform.say("build", "log", "1", "-f", ...flags("e2e", "escape"));
    assert.match(log, /^tried everything$/m);
    assert.doesNotMatch(log, /^ESCAPED/m);
    assert.equal(readFileSync(CORE_PATTERN, "utf8"), pattern);
    // The registry of the tests' cluster asks for none.
    if (platform instanceof MachinePlatform) {
      const { data } = await object<{ data: Record<string, string> }>(
        "secret",
        "escape-registry",
        "-n",
        "e2e",
      );
      const config = JSON.parse(Buffer.from(data[".dockerconfigjson"] ?? "", "base64").toString()) as {
        auths: Record<string, { auth?: string; password?: string }>;
      };
      const credentials = Object.values(config.auths)
        .flatMap(({ auth, password }) => [auth, password])
        .filter((each) => each !== undefined);
      assert.ok(credentials.length > 0);
      for (const credential of credentials) assert.ok(!log.includes(credential));
      const found = await runProgram("grep", [
        "-rlF",
        "-e",
        credentials[0] ?? "",
        join(platform.dataDir, "build-cache"),
      ]);
      assert.equal(found.stdout, "", "the cache has it");
    }
    await nothingRuns(LEFT);
  });

  it("no known way out of a build leads to a file of the node, to read or to write", async () => {
    const folder = mkdtempSync("/tmp/jdos-hostile-");
    const marker = join(folder, "marker");
    const text = `of the node ${randomUUID()}`;
    try {
      writeFileSync(marker, text, { mode: 0o666 });
      chmodSync(folder, 0o777);
      const app = source({ Dockerfile: ways(marker) });
      await platform.jdos("deploy", app.path, ...flags("e2e", "ways"));
      const log = await platform.say("build", "log", "1", "-f", ...flags("e2e", "ways"));
      assert.ok(!log.includes(text), log);
      assert.deepEqual(readdirSync(folder), ["marker"]);
      assert.equal(readFileSync(marker, "utf8"), text);
      const { phase, message } = await buildOf("ways");
      assert.ok(phase === "Succeeded" ? /^tried every way$/m.test(log) : (message ?? "") !== "", log);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("an ADD from an address of the node or of a cloud's metadata fails in words", ENFORCED, async () => {
    assert.ok(platform instanceof MachinePlatform);
    const { gateway } = platform.names.pods;
    const [, port] = await listen(gateway);
    const urls = ["http://169.254.169.254/latest/meta-data", `http://${gateway}:${port}/`];
    await Promise.all(
      urls.map(async (url, number) => {
        const app = source({ Dockerfile: `${BASE}\nADD ${url} /added\nRUN cat /added\n` });
        const { exitCode, stderr } = await platform.jdos("deploy", app.path, ...flags("e2e", `add${number}`));
        assert.equal(exitCode, 1);
        assert.match(stderr, /ADD http/);
        assert.ok(!stderr.includes("of the host"), stderr);
      }),
    );
  });

  it(
    "on a cluster a System has the policy that bounds its builds",
    except("embedded", "one machine's own network confines builds"),
    async () => {
      interface Policy {
        spec: { podSelector: object; policyTypes: string[]; ingress?: object[]; egress: Egress[] };
      }
      interface Egress {
        to?: { ipBlock?: { cidr: string; except?: string[] } }[];
        ports?: { port: number }[];
      }
      const { spec } = await object<Policy>("networkpolicy", "jdos-builds", "-n", OTHER);
      assert.deepEqual(spec.podSelector, {
        matchExpressions: [{ key: "jdos.io/build", operator: "Exists" }],
      });
      assert.deepEqual([spec.policyTypes, spec.ingress], [["Ingress", "Egress"], undefined]);
      const [names, outside, ...named] = spec.egress;
      assert.deepEqual(
        names?.ports?.map(({ port }) => port),
        [53, 53],
      );
      const except = outside?.to?.[0]?.ipBlock?.except ?? [];
      for (const range of ["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"])
        assert.ok(except.includes(range), range);
      const [registry = ""] = platform.images.split(":");
      assert.ok(
        named.some(({ to }) => to?.[0]?.ipBlock?.cidr === `${registry}/32`),
        JSON.stringify(named),
      );
    },
  );

  it("a fork bomb and endless output end with the build's time, and others build and serve meanwhile", async () => {
    const app = source({
      "flood.sh": FLOOD,
      Dockerfile: `${BASE}\nCOPY flood.sh /\nRUN sh /flood.sh\n`,
      "jdos.yaml": "build:\n  timeoutSeconds: 20\n",
    });
    const flood = platform.jdos("deploy", app.path, ...flags("e2e", "flood"));
    await eventually(async () => assert.equal((await buildOf("flood")).phase, "Running"));
    const started = performance.now();
    const bystander = source().replace("server.js", "Hello from JDOS", "Hello from a bystander");
    await platform.json("deploy", bystander.path, ...flags(OTHER, "bystander"));
    await victimServes();
    const { exitCode, stderr } = await flood;
    assert.equal(exitCode, 1);
    assert.ok(performance.now() - started < 120_000, "it ended in bounded time");
    const { phase, reason } = await buildOf("flood");
    assert.equal(phase, "Failed", stderr);
    assert.ok(
      ["TimedOut", "OutOfMemory", "OutOfDisk"].includes(reason ?? ""),
      `${reason}: ${stderr.slice(-500)}`,
    );
    await nothingRuns(BOMB);
    await victimServes();
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It has ended.
    return "";
  }
}
