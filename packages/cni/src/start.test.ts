import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { after, before, test } from "node:test";
import { CNI_POD_ANNOTATIONS, POD_NETWORK_ANNOTATION } from "@jdos/api";
import { instanceNames, runCommand } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { startTestNetwork, type TestNetwork, type TestSandbox } from "./testing/index.ts";

const INSTANCE = testInstance();
const {
  bridge,
  pods: { gateway },
} = instanceNames(INSTANCE);
const UNUSED = gateway.replace(/\.0\.1$/, ".77.77");
let network: TestNetwork;

before(async () => {
  network = await startTestNetwork(INSTANCE);
});
after(() => network.close());

async function added(config: object = {}): Promise<{ sandbox: TestSandbox; address: string }> {
  const sandbox = await network.sandbox();
  const { exitCode, stdout, body } = await network.call("ADD", sandbox, { config });
  assert.equal(exitCode, 0, stdout);
  return { sandbox, address: body.ips[0]!.address.replace("/32", "") };
}

/** Runs a program in a sandbox's network namespace. */
function inside({ name }: TestSandbox, argv: string[]) {
  return runCommand(["ip", "netns", "exec", name, ...argv], {
    okExitCodes: [0, 1, 7, 28, 56],
    timeoutSeconds: 20,
  });
}

const CURL = ["curl", "--silent", "--http0.9", "--noproxy", "*", "--max-time", "2"];

/** What a TCP server at the address says, seen from the sandbox; "" when it cannot be reached. */
async function hears(sandbox: TestSandbox, url: string): Promise<string> {
  return (await inside(sandbox, [...CURL, url])).stdout;
}

async function speak(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).end(`from ${socket.remoteAddress}`));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  return server;
}

/** A server in a sandbox that answers with the address it was called from. */
async function speakInside({ name }: TestSandbox, port: number): Promise<() => void> {
  const program = `require("net").createServer((s)=>s.on("error",()=>{}).end("from "+s.remoteAddress)).listen(${port},"0.0.0.0",()=>console.log("up"))`;
  const { spawn } = await import("node:child_process");
  const child = spawn("ip", ["netns", "exec", name, process.execPath, "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return () => void child.kill("SIGKILL");
}

function hostInterfaces(): string[] {
  return readdirSync("/sys/class/net").filter((name) => name.startsWith(`${network.options.bridge}-`));
}

test("cmdAdd() answers a result as the specification writes it", async () => {
  const sandbox = await network.sandbox();
  const { exitCode, body } = await network.call("ADD", sandbox);
  assert.equal(exitCode, 0);
  assert.equal(body.cniVersion, "1.0.0");
  assert.equal(body.interfaces[1]?.name, "eth0");
  assert.equal(body.interfaces[1]?.sandbox, sandbox.netns);
  assert.match(body.ips[0]!.address, new RegExp(`^${gateway.replace(/0\.1$/, "")}\\d+\\.\\d+/32$`));
  assert.equal(body.ips[0]?.interface, 1);
  assert.deepEqual(body.routes, [{ dst: "0.0.0.0/0", gw: gateway }]);
  assert.equal((await network.call("CHECK", sandbox)).exitCode, 0);
});

test("cmdAdd() speaks the format of 0.4.0", async () => {
  const { body } = await network.call("ADD", await network.sandbox(), { config: { cniVersion: "0.4.0" } });
  assert.equal(body.ips[0]?.version, "4");
});

test("a Pod reaches the gateway, another Pod with its own address, and itself", async () => {
  const [a, b] = [await added(), await added()];
  const host = await speak(gateway, 44800);
  const stop = await speakInside(b.sandbox, 80);
  try {
    assert.equal(await hears(a.sandbox, `http://${gateway}:44800`), `from ${a.address}`);
    assert.equal(await hears(a.sandbox, `http://${b.address}`), `from ${a.address}`);
    await network.call("ADD", b.sandbox, { program: "loopback", ifname: "lo" });
    assert.equal(await hears(b.sandbox, `http://${b.address}`), `from ${b.address}`);
  } finally {
    stop();
    host.close();
  }
});

test("the host reaches a Pod", async () => {
  const { sandbox, address } = await added();
  const stop = await speakInside(sandbox, 80);
  try {
    const said = await new Promise<string>((resolve, reject) => {
      connect(80, address)
        .once("error", reject)
        .once("data", (data) => resolve(data.toString()));
    });
    assert.equal(said, `from ${gateway}`);
  } finally {
    stop();
  }
});

/** What the sandbox hears from a machine outside. */
async function hearsOutside(sandbox: TestSandbox): Promise<string> {
  const outside = `jdos${INSTANCE}-outside`;
  await runCommand(["ip", "netns", "add", outside]);
  try {
    await runCommand(["ip", "-batch", "-"], {
      input: `link add jdos${INSTANCE}o type veth peer name eth0 netns ${outside}\naddr add 198.51.100.1/24 dev jdos${INSTANCE}o\nlink set jdos${INSTANCE}o up\n`,
    });
    await runCommand(["ip", "-n", outside, "-batch", "-"], {
      input: "addr add 198.51.100.2/24 dev eth0\nlink set eth0 up\n",
    });
    const stop = await speakInside({ id: "", netns: "", name: outside }, 80);
    try {
      return await hears(sandbox, "http://198.51.100.2");
    } finally {
      stop();
    }
  } finally {
    await runCommand(["ip", "netns", "del", outside]);
  }
}

test("a Pod reaches the outside under the host's address", async () => {
  assert.equal(await hearsOutside((await added()).sandbox), "from 198.51.100.1");
});

test("a confined Pod reaches the outside and what is opened to it, and nothing else of the node", async () => {
  const service = instanceNames(INSTANCE).services.registry;
  const openToConfined = [{ protocol: "tcp", address: service, port: 5000 }] as const;
  await network.stopDaemon();
  await network.startDaemon({ openToConfined });
  const confined = await added({
    runtimeConfig: { [CNI_POD_ANNOTATIONS]: { [POD_NETWORK_ANNOTATION]: "confined" } },
  });
  const free = await added();
  const table = `jdos${INSTANCE}-test`;
  await runCommand(["nft", "-f", "-"], {
    input: `table inet ${table} { chain c { type nat hook prerouting priority dstnat; ip daddr ${service} tcp dport { 5000, 5001 } dnat ip to ${gateway}:44804; }; }`,
  });
  const server = await speak(gateway, 44804);
  const on6 = await speak("::", 44805);
  const stops = [await speakInside(free.sandbox, 80), await speakInside(confined.sandbox, 80)];
  const link = (await runCommand(["ip", "-6", "-o", "addr", "show", "scope", "link"])).stdout;
  // The host's end of every Pod has the same one.
  const linkLocal = new RegExp(`${bridge}-\\S+\\s+inet6 (fe80:[^/]+)`).exec(link)?.[1];
  const forbidden = [
    `http://${gateway}:44804`,
    `http://${service}:5001`,
    `http://${free.address}`,
    "http://169.254.169.254",
  ];
  const overIpv6 = `http://[${linkLocal}%25eth0]:44805`;
  const isConfined = async (): Promise<void> => {
    assert.equal(await hears(confined.sandbox, `http://${service}:5000`), `from ${confined.address}`);
    assert.equal(await hearsOutside(confined.sandbox), "from 198.51.100.1");
    for (const url of forbidden) {
      const { exitCode, stderr } = await inside(confined.sandbox, [...CURL, "--show-error", url]);
      assert.equal(exitCode, 7, `${url}: ${stderr}`);
    }
    if (linkLocal !== undefined) assert.equal(await hears(confined.sandbox, overIpv6), "");
    assert.equal(await hears(free.sandbox, `http://${confined.address}`), "");
  };
  try {
    for (const url of [`http://${gateway}:44804`, `http://${service}:5001`])
      assert.equal(await hears(free.sandbox, url), `from ${free.address}`);
    await isConfined();
    // It stays so when the daemon comes back, and ends with the Pod.
    await network.stopDaemon();
    await network.startDaemon({ openToConfined });
    await isConfined();
    await network.call("DEL", confined.sandbox);
    const set = await runCommand(["nft", "list", "set", "inet", `${bridge}-pods`, "confined"]);
    assert.doesNotMatch(set.stdout, /elements/);
  } finally {
    for (const stop of stops) stop();
    server.close();
    on6.close();
    await runCommand(["nft", "delete", "table", "inet", table]);
  }
});

test("an address that no Pod has is unreachable at once", async () => {
  const { sandbox } = await added();
  const argv = ["curl", "--silent", "--show-error", "--max-time", "2", `http://${UNUSED}`];
  assert.match((await inside(sandbox, argv)).stderr, /No route to host|Couldn't connect/);
  const error = await new Promise<NodeJS.ErrnoException>((resolve) =>
    connect(80, UNUSED).once("error", resolve),
  );
  assert.equal(error.code, "EHOSTUNREACH");
});

test("a Pod cannot reach the host's 127.0.0.1", async () => {
  const { sandbox } = await added();
  const server = await speak("127.0.0.1", 44801);
  try {
    assert.equal(await hears(sandbox, `http://${gateway}:44801`), "");
    await inside(sandbox, ["ip", "route", "add", "127.0.0.2/32", "via", gateway]);
    assert.equal(await hears(sandbox, "http://127.0.0.2:44801"), "");
    assert.equal(readFileSync(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, "utf8").trim(), "0");
  } finally {
    server.close();
  }
});

test("a Pod cannot use the address of another", async () => {
  const [a, b] = [await added(), await added()];
  const server = await speak(gateway, 44802);
  try {
    await inside(a.sandbox, ["ip", "addr", "add", `${b.address}/32`, "dev", "eth0"]);
    const from = ["--interface", b.address, `http://${gateway}:44802`];
    const { stdout } = await inside(a.sandbox, ["curl", "--silent", "--http0.9", "--max-time", "1", ...from]);
    assert.equal(stdout, "");
    assert.equal(await hears(a.sandbox, `http://${gateway}:44802`), `from ${a.address}`);
  } finally {
    server.close();
  }
});

test("a host port leads to the Pod and is gone after DEL", async () => {
  const sandbox = await network.sandbox();
  const config = {
    runtimeConfig: { portMappings: [{ hostPort: 44803, containerPort: 80, protocol: "TCP" }] },
  };
  const { body } = await network.call("ADD", sandbox, { config });
  assert.equal(body.code, undefined);
  const other = await added();
  const stop = await speakInside(sandbox, 80);
  try {
    assert.equal(await hears(other.sandbox, `http://${gateway}:44803`), `from ${gateway}`);
    await network.call("DEL", sandbox);
    assert.equal(await hears(other.sandbox, `http://${gateway}:44803`), "");
  } finally {
    stop();
  }
});

test("cmdDel() leaves nothing and succeeds again, also without its namespace", async () => {
  const { sandbox, address } = await added();
  const before = hostInterfaces().length;
  assert.equal((await network.call("DEL", sandbox)).exitCode, 0);
  assert.equal(hostInterfaces().length, before - 1);
  await network.removeNamespace(sandbox);
  assert.deepEqual(await network.call("DEL", sandbox), { exitCode: 0, stdout: "", body: {} });
  assert.notEqual((await added()).address, address);
});

test("cmdCheck() says what differs", async () => {
  const { sandbox, address } = await added();
  await inside(sandbox, ["ip", "addr", "del", `${address}/32`, "dev", "eth0"]);
  const { exitCode, body } = await network.call("CHECK", sandbox);
  assert.equal(exitCode, 1);
  assert.equal(body.code, 101);
  assert.match(body.msg ?? "", /lacks address/);
});

test("cmdAdd() refuses a namespace that is missing, with code 3", async () => {
  const { body } = await network.call("ADD", { id: "x", netns: `/run/netns/${bridge}-missing`, name: "" });
  assert.equal(body.code, 3);
});

test("parseRequest() refuses a version that is not spoken, with code 1", async () => {
  const { body } = await network.call("ADD", await network.sandbox(), { config: { cniVersion: "9.0.0" } });
  assert.equal(body.code, 1);
});

test("cmdGc() takes back what the runtime does not list", async () => {
  const [kept, lost] = [await added(), await added()];
  const config = {
    cniVersion: "1.1.0",
    "cni.dev/valid-attachments": [{ containerID: kept.sandbox.id, ifname: "eth0" }],
  };
  assert.equal((await network.call("GC", kept.sandbox, { config })).exitCode, 0);
  assert.equal((await network.call("CHECK", kept.sandbox)).exitCode, 0);
  assert.equal((await network.call("CHECK", lost.sandbox)).body.code, 3);
});

test("the loopback program brings lo up", async () => {
  const sandbox = await network.sandbox();
  const { exitCode, body } = await network.call("ADD", sandbox, {
    program: "loopback",
    ifname: "lo",
    config: { cniVersion: "0.3.1" },
  });
  assert.equal(exitCode, 0);
  assert.equal(body.cniVersion, "0.3.1");
  assert.match((await inside(sandbox, ["ip", "-o", "link", "show", "lo"])).stdout, /[<,]UP/);
});

test("the program says code 11 to ADD and succeeds at DEL while the daemon is away; the daemon reconciles", async () => {
  const lost = await added();
  const kept = await added();
  await network.stopDaemon();
  const sandbox = await network.sandbox();
  const add = await network.call("ADD", sandbox);
  assert.deepEqual([add.exitCode, add.body.code], [1, 11]);
  assert.equal((await network.call("STATUS", sandbox)).body.code, 50);
  assert.equal((await network.call("DEL", lost.sandbox)).exitCode, 0);
  await network.removeNamespace(lost.sandbox);
  await network.startDaemon();
  assert.equal((await network.call("CHECK", kept.sandbox)).exitCode, 0);
  assert.equal((await network.call("CHECK", lost.sandbox)).body.code, 3);
  assert.equal((await network.call("ADD", sandbox)).exitCode, 0);
});

test("start() removes sandboxes the runtime does not know, their namespaces and stray interfaces", async () => {
  const [kept, lost] = [await added(), await added()];
  await network.stopDaemon();
  await runCommand([
    "ip",
    "link",
    "add",
    `${bridge}-stray`,
    "master",
    bridge,
    "type",
    "veth",
    "peer",
    "name",
    `${bridge}s2`,
  ]);
  await network.startDaemon({ validAttachments: async () => new Set([kept.sandbox.id]) });
  assert.equal(hostInterfaces().length, 1);
  assert.equal(existsSync(lost.sandbox.netns), false);
  assert.equal((await network.call("CHECK", kept.sandbox)).exitCode, 0);
});
