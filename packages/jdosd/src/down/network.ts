import { readdir } from "node:fs/promises";
import { type InstanceNames, runCommand } from "@jdos/component-base";

/** Removes an instance's bridge with the interfaces on it, its packet rules and its routes. Idempotent. */
export async function removeNetwork(names: InstanceNames): Promise<void> {
  for (const table of Object.values(names.tables)) {
    // Adding first makes deleting right whether it is there or not.
    await runCommand(["nft", "-f", "-"], { input: `add table inet ${table}\ndelete table inet ${table}\n` });
  }
  const links = await readdir("/sys/class/net");
  for (const link of await linksOn(names.bridge, links)) await deleteLink(link);
  if (links.includes(names.bridge)) await deleteLink(names.bridge);
  for (const range of [names.pods.range, names.services.range]) {
    await runCommand(["ip", "route", "flush", "root", range], { okExitCodes: [0, 1, 2] });
  }
}

async function linksOn(bridge: string, links: readonly string[]): Promise<string[]> {
  if (!links.includes(bridge)) return [];
  return readdir(`/sys/class/net/${bridge}/brif`);
}

/** The other end of a veth pair goes with the first, and with its network namespace. */
async function deleteLink(link: string): Promise<void> {
  await runCommand(["ip", "link", "delete", link], { okExitCodes: [0, 1] });
}
