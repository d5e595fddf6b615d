import { type ChildProcess, spawn } from "node:child_process";
import { type CommandResult, type RunCommandOptions, runCommand } from "@jdos/component-base";

/**
 * A small network of its own: a namespace that plays the host, with a bridge that carries the gateway's address,
 * and namespaces that play Pods, routed to as the Pod network does it.
 */
export interface TestHost {
  readonly name: string;
  readonly bridge: string;
  readonly gateway: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** Runs a program on the host. */
  run(argv: readonly [string, ...string[]], options?: RunCommandOptions): Promise<CommandResult>;
  addPod(address: string): Promise<TestPod>;
  /** Runs a server on the host that answers with its name and the client's address. */
  serve(where: Listen): Promise<void>;
  /** What a server says to the host: "" when it cannot be reached. */
  hears(address: string, port: number, protocol?: "tcp" | "udp"): Promise<string>;
  close(): Promise<void>;
}

export interface Listen {
  address: string;
  port: number;
  name: string;
  protocol?: "tcp" | "udp";
}

export interface TestPod {
  readonly address: string;
  serve(where: Omit<Listen, "address">): Promise<void>;
  hears(address: string, port: number, protocol?: "tcp" | "udp"): Promise<string>;
}

const SERVER = `
const [protocol, address, port, name] = process.argv.slice(1);
if (protocol === "tcp") require("net").createServer((s) => s.on("error", () => {}).end(name + " " + s.remoteAddress)).listen(port, address, () => console.log("up"));
else { const u = require("dgram").createSocket("udp4"); u.on("message", (m, r) => u.send(name + " " + r.address, r.port, r.address)); u.bind(port, address, () => console.log("up")); }
`;
const CLIENT = `
const [protocol, address, port] = process.argv.slice(1);
const done = (text) => { process.stdout.write(text); process.exit(0); };
setTimeout(() => done("timeout"), 1500);
if (protocol === "tcp") require("net").connect(port, address).on("error", (e) => done(e.code)).on("data", (d) => done(String(d)));
else { const u = require("dgram").createSocket("udp4"); u.on("error", (e) => done(e.code)).on("message", (m) => done(String(m))); u.connect(+port, address, () => u.send("?")); }
`;

export async function startTestHost(instance: number): Promise<TestHost> {
  const name = `jdos${instance}-host`;
  const bridge = `jdos${instance}`;
  const subnet = `10.${64 + instance}`;
  const gateway = `${subnet}.0.1`;
  const namespaces = [name];
  const servers: ChildProcess[] = [];
  const inside =
    (namespace: string): TestHost["run"] =>
    ([program, ...args], options) =>
      runCommand(["ip", "netns", "exec", namespace, program, ...args], options);
  const run = inside(name);
  const serveIn = async (namespace: string, { protocol = "tcp", address, port, name: says }: Listen) => {
    const argv = [
      "netns",
      "exec",
      namespace,
      process.execPath,
      "-e",
      SERVER,
      protocol,
      address,
      `${port}`,
      says,
    ];
    const child = spawn("ip", argv, { stdio: ["ignore", "pipe", "inherit"] });
    servers.push(child);
    await new Promise((resolve) => child.stdout!.once("data", resolve));
  };
  const hearsIn = async (namespace: string, [address, port, protocol = "tcp"]: [string, number, string?]) =>
    (await inside(namespace)([process.execPath, "-e", CLIENT, protocol, address, `${port}`])).stdout;

  await runCommand(["ip", "netns", "add", name]);
  await run(["ip", "-batch", "-"], {
    input: `link set lo up\nlink add ${bridge} type bridge\naddr add ${gateway}/16 dev ${bridge}\nlink set ${bridge} up\n`,
  });
  await run(["sysctl", "-q", "net.ipv4.ip_forward=1"]);

  return {
    name,
    bridge,
    gateway,
    podCidr: `${subnet}.0.0/16`,
    serviceCidr: `10.${128 + instance}.0.0/16`,
    run,
    async addPod(address) {
      const pod = `jdos${instance}-pod${namespaces.length}`;
      namespaces.push(pod);
      const veth = `${bridge}-${namespaces.length}`;
      await runCommand(["ip", "netns", "add", pod]);
      await run(["ip", "-batch", "-"], {
        input: `link add ${veth} type veth peer name eth0 netns ${pod}\nlink set ${veth} address 0a:58:00:00:00:01 up\nroute add ${address}/32 dev ${veth} src ${gateway}\n`,
      });
      await runCommand(["ip", "-n", pod, "-batch", "-"], {
        input: `link set lo up\naddr add ${address}/32 dev eth0\nlink set eth0 up\nneigh add ${gateway} lladdr 0a:58:00:00:00:01 dev eth0 nud permanent\nroute add ${gateway} dev eth0\nroute add default via ${gateway}\n`,
      });
      return {
        address,
        serve: (where) => serveIn(pod, { ...where, address }),
        hears: (...to) => hearsIn(pod, to),
      };
    },
    serve: (where) => serveIn(name, where),
    hears: (...to) => hearsIn(name, to),
    async close() {
      for (const server of servers) server.kill("SIGKILL");
      for (const namespace of namespaces.reverse()) await runCommand(["ip", "netns", "del", namespace]);
    },
  };
}
