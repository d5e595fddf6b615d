import { readFileSync, statSync } from "node:fs";
import type { Upstream } from "./upstream.ts";

/** The name servers of a resolv.conf, without those that are ourselves. */
export function parseResolvConf(text: string, own: readonly string[]): Upstream[] {
  return text
    .split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address) => address !== undefined && !own.includes(address))
    .map((address) => ({ address: address as string }));
}

const CHECK_MILLIS = 10_000;

/** The name servers of a file that may change; when it cannot be read the last known ones stay. */
export function watchResolvConf(path: string, own: readonly string[]): () => readonly Upstream[] {
  let upstreams: readonly Upstream[] = [];
  let readAtMillis = 0;
  let modified = Number.NaN;
  return () => {
    if (Date.now() - readAtMillis < CHECK_MILLIS) return upstreams;
    readAtMillis = Date.now();
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Number.NaN };
    if (Number.isNaN(mtimeMs) || mtimeMs === modified) return upstreams;
    modified = mtimeMs;
    upstreams = parseResolvConf(readFileSync(path, "utf8"), own);
    return upstreams;
  };
}
