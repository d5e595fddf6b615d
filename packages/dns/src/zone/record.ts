/** A record of the cluster's zone. `data` is what dns-packet takes for the type. */
export interface TypedRecord<T extends "A" | "AAAA" | "PTR" | "CNAME" | "NS" | "TXT" | "SRV"> {
  readonly name: string;
  readonly type: T;
  readonly data: T extends "SRV" ? SrvData : string;
}

export type ZoneRecord =
  | TypedRecord<"A">
  | TypedRecord<"AAAA">
  | TypedRecord<"PTR">
  | TypedRecord<"CNAME">
  | TypedRecord<"NS">
  | TypedRecord<"TXT">
  | TypedRecord<"SRV">;

export interface SrvData {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** "4.3.2.1.in-addr.arpa" or the ip6.arpa name of an address. */
export function reverseName(address: string): string {
  if (!address.includes(":")) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const digits = expandIpv6(address).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}

/** Eight groups of four digits. */
export function expandIpv6(address: string): string[] {
  const [head = "", tail] = address.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(middle).fill("0"), ...right].map((group) => group.padStart(4, "0"));
}
