import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { PRIVATE_RANGES, rangesCheck } from "../../private-ranges.ts";
import type { Named } from "./policy.ts";

const URLS = /\bhttps?:\/\/(?:[^\s/@"']*@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?/g;
const isPrivate = rangesCheck(PRIVATE_RANGES);

/** The private addresses of all hosts that stand in URLs: of a registry, a mirror, a proxy. Sorted, each once. */
export async function namedAddresses(
  texts: readonly string[],
  resolve: (host: string) => Promise<readonly string[]> = addressesOf,
): Promise<Named[]> {
  const places = new Map<string, { host: string; port: number }>();
  for (const [url, host = "", port] of texts.flatMap((text) => [...text.matchAll(URLS)])) {
    const place = { host: host.replace(/^\[|\]$/g, ""), port: Number(port ?? portOf(url)) };
    places.set(`${place.host} ${place.port}`, place);
  }
  const found = await Promise.all(
    [...places.values()].map(async ({ host, port }) =>
      (await resolve(host)).filter(isPrivate).map((address): Named => ({ address, port })),
    ),
  );
  const each = new Map(found.flat().map((named) => [`${named.address} ${named.port}`, named]));
  return [...each.keys()].sort().map((key) => each.get(key)!);
}

function portOf(url: string): number {
  return url.startsWith("https:") ? 443 : 80;
}

/** A name that there is not has no address; a name server that does not answer is asked again by who retries. */
async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTFOUND") return [];
    throw error;
  }
}
