import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { CommandError, type CommandResult, type RunCommandOptions, runCommand } from "@jdos/component-base";
import { macOf } from "../address.ts";
import { CniError } from "../errors.ts";
import type { Listener } from "../options.ts";
import { bridgeRules, hostPortChange } from "./bridge-rules.ts";
import { confinedChange } from "./confined-rules.ts";
import type { NetworkDriver } from "./driver.ts";

export type RunCommand = (
  argv: readonly [string, ...string[]],
  options?: RunCommandOptions,
) => Promise<CommandResult>;

export interface BridgeDriverOptions {
  bridge: string;
  table: string;
  podCidr: string;
  gateway: string;
  serviceCidr: string;
  mtu: number;
  openToConfined: readonly Listener[];
  /** Defaults to the machine's own. */
  run?: RunCommand;
}

/** What every container sees of the host: each has a link of its own, so one address serves all. */
const GATEWAY_MAC = "0a:58:00:00:00:01";

/**
 * A bridge carries the gateway's address, on which the host's own services listen; each container has a veth pair
 * whose host end is routed to, not a port of the bridge: every packet passes the host's IP rules exactly once
 * (a port would pass them once more, at the bridge, where br_netfilter is loaded), the rules of Services see both
 * directions of Pod-to-Pod traffic, and no container can answer for another's address.
 */
export function createBridgeDriver(options: BridgeDriverOptions): NetworkDriver {
  const { bridge, table, gateway, podCidr, mtu, run = runCommand } = options;
  const ip = (lines: readonly string[], force = false) =>
    run(["ip", ...(force ? ["-force"] : []), "-batch", "-"], { input: `${lines.join("\n")}\n` });
  const ipIn = (netns: string, args: readonly string[], input?: string) =>
    run(["nsenter", `--net=${netns}`, "ip", ...args], { input });
  const nft = (script: string) => run(["nft", "-f", "-"], { input: script });

  /** The host's ends of all containers, known by their name. */
  async function hostEnds(): Promise<string[]> {
    return (await readdir("/sys/class/net")).filter((name) => name.startsWith(`${bridge}-`));
  }

  async function removeLinks(names: readonly string[]): Promise<void> {
    const present = names.filter((name) => existsSync(`/sys/class/net/${name}`));
    if (present.length === 0) return;
    // A veth end goes with its container's namespace at any moment: what matters is that it is gone, which is looked at next.
    await ip(
      present.map((name) => `link del dev ${name}`),
      true,
    ).catch(() => {});
    const left = present.filter((name) => existsSync(`/sys/class/net/${name}`));
    if (left.length > 0)
      throw new CniError("InputOutput", `Cannot remove interfaces ${left.join(", ")}: still there`);
  }

  return {
    describe: ({ address }) => ({ address: `${address}/32`, gateway, mac: macOf(address), mtu }),

    async setUp() {
      if (!existsSync(`/sys/class/net/${bridge}`)) {
        await ip([`link add name ${bridge} address ${macOf(gateway)} type bridge`]);
      }
      await ip([
        `link set dev ${bridge} mtu ${mtu}`,
        `addr replace ${gateway}/32 dev ${bridge}`,
        `link set dev ${bridge} up`,
        // An address that no container has is refused at once, so that a client tries another one.
        `route replace unreachable ${podCidr}`,
      ]);
      await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
    },

    async attach(attachment) {
      const { hostInterface, netns, ifname, address } = attachment;
      try {
        // Before there is a way out.
        if (attachment.confined) await nft(confinedChange(table, "add", attachment));
        await ip([
          `link add name ${hostInterface} address ${GATEWAY_MAC} mtu ${mtu} type veth peer name ${ifname} address ${macOf(address)} mtu ${mtu} netns ${netns}`,
          `link set dev ${hostInterface} up`,
          `route replace ${address}/32 dev ${hostInterface} scope link src ${gateway}`,
        ]);
        await ipIn(
          netns,
          ["-batch", "-"],
          [
            `addr add ${address}/32 dev ${ifname}`,
            `link set dev ${ifname} up`,
            `neigh replace ${gateway} lladdr ${GATEWAY_MAC} dev ${ifname} nud permanent`,
            `route add ${gateway} dev ${ifname} scope link`,
            `route add default via ${gateway} dev ${ifname}`,
            "",
          ].join("\n"),
        );
        if (attachment.portMappings.length > 0) await nft(hostPortChange(table, "add", attachment));
      } catch (cause) {
        throw new CniError(
          "InputOutput",
          `Cannot connect "${ifname}" to bridge "${bridge}": ${(cause as Error).message}`,
          {
            hint: "Check the bridge with `ip link` and the network daemon's log",
            cause,
          },
        );
      }
    },

    async detach(attachment) {
      await removeLinks([attachment.hostInterface]);
      if (attachment.confined) await nft(confinedChange(table, "delete", attachment)).catch(unlessGone);
      if (attachment.portMappings.length > 0)
        await nft(hostPortChange(table, "delete", attachment)).catch(unlessGone);
    },

    async check({ netns, ifname, address, hostInterface }) {
      if (!(await hostEnds()).includes(hostInterface)) {
        throw new CniError(
          "NetworkDiffers",
          `Cannot confirm "${hostInterface}": the host has no such interface`,
        );
      }
      const { stdout } = await ipIn(netns, ["-o", "-4", "addr", "show", "dev", ifname, "up"]).catch(
        (cause) => {
          throw new CniError("NetworkDiffers", `Cannot confirm "${ifname}": not in the container`, { cause });
        },
      );
      if (!stdout.includes(` ${address}/32 `)) {
        throw new CniError("NetworkDiffers", `Cannot confirm "${ifname}": it lacks address ${address}`);
      }
      const routes = await ipIn(netns, ["-4", "route", "show", "default"]);
      if (!routes.stdout.includes(`via ${gateway} `)) {
        throw new CniError("NetworkDiffers", `Cannot confirm "${ifname}": no default route by ${gateway}`);
      }
    },

    async sweep(keep) {
      const owned = new Set(keep.map(({ hostInterface }) => hostInterface));
      const orphans = (await hostEnds()).filter((name) => !owned.has(name));
      await removeLinks(orphans);
      await nft(bridgeRules(options, keep));
      return orphans.length;
    },

    async status() {
      if (!existsSync(`/sys/class/net/${bridge}`)) {
        throw new CniError("PluginUnavailable", `Cannot give networks: bridge "${bridge}" is missing`, {
          hint: "Restart the network daemon",
        });
      }
    },

    async tearDown() {
      await removeLinks([...(await hostEnds()), bridge]);
      await run(["ip", "route", "del", "unreachable", podCidr], { okExitCodes: [0, 2] });
      await nft(`add table inet ${table}\ndelete table inet ${table}\n`);
    },
  };
}

/** An element or a table that is not there needs no removal. */
function unlessGone(error: unknown): void {
  if (!(error instanceof CommandError && /No such file or directory/.test(error.stderr))) throw error;
}
