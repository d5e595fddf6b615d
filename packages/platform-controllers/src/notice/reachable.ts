import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, isIPv6, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";

/** Never reached on a user's behalf, unless an administrator allows it. Source: IANA's special-purpose registries. */
const PRIVATE = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "::1/128",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
];

export interface Reachable {
  /** Why this host may not be asked, where its name says so already. */
  refusalOf(host: string): string | undefined;
  /** Resolves a name to those of its addresses that may be reached: what was checked is what is connected to. */
  readonly lookup: LookupFunction;
}

/** Which addresses a user may have called: public ones, and the ranges that are allowed. */
export function reachable(
  allow: readonly string[],
  resolve: (host: string, done: ResolveCallback) => void = (host, done) => lookup(host, { all: true }, done),
): Reachable {
  const refused = listOf(PRIVATE);
  const allowed = listOf(allow);
  const may = (address: string): boolean => {
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    return allowed.check(address, family) || !(refused.check(address, family) || isOfThisHost(address));
  };
  return {
    refusalOf(host) {
      const address = host.replace(/^\[(.*)\]$/, "$1");
      return isIP(address) === 0 || may(address) ? undefined : refusal(host);
    },
    lookup(host, options, done) {
      resolve(host, (error, addresses) => {
        const good = error === null ? addresses.filter(({ address }) => may(address)) : [];
        const first = good[0];
        if (error !== null) done(error, "", 0);
        else if (first === undefined) done(new Error(refusal(host)), "", 0);
        else if (options.all === true) done(null, good);
        else done(null, first.address, first.family);
      });
    },
  };
}

type ResolveCallback = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

function refusal(host: string): string {
  return `the address of "${host}" is private: only an administrator may allow it`;
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    list.addSubnet(address, Number(prefix), isIPv6(address) ? "ipv6" : "ipv4");
  }
  return list;
}

function isOfThisHost(address: string): boolean {
  return Object.values(networkInterfaces()).some((own) => own?.some((each) => each.address === address));
}
