import { type LookupAddress, lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { PRIVATE_RANGES, rangesCheck } from "../private-ranges.ts";

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
  const refused = rangesCheck(PRIVATE_RANGES);
  const allowed = rangesCheck(allow);
  const may = (address: string): boolean => allowed(address) || !(refused(address) || isOfThisHost(address));
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

function isOfThisHost(address: string): boolean {
  return Object.values(networkInterfaces()).some((own) => own?.some((each) => each.address === address));
}
