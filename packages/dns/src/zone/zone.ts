import { isIPv4, isIPv6 } from "node:net";
import { encodeRecord, type Sections } from "../wire/answer.ts";
import { RCODE, TYPE } from "../wire/constants.ts";
import { expandIpv6, reverseName } from "./record.ts";
import { ZoneIndex, type ZoneNode } from "./zone-index.ts";

export interface ZoneOptions {
  /** "cluster.local" */
  domain: string;
  /** Where this server listens: the address of ns.dns.<domain>. */
  serverAddress: string;
  /** Ranges whose reverse names nobody else knows. */
  reverseCidrs: readonly string[];
  ttlSeconds: number;
}

/** What the zone says of a name: sections of an answer, or a name to follow outside of it. */
export type ZoneAnswer = Sections & { readonly follow?: string };

export const DNS_SCHEMA_VERSION = "1.1.0";

/** The records of the cluster as they are asked for. */
export class Zone {
  readonly index: ZoneIndex;
  readonly domain: string;
  readonly #suffix: string;
  readonly #podSuffix: string;
  readonly #ttlSeconds: number;
  readonly #reverseSuffixes: readonly string[];
  readonly #serverName: string;
  #serial = Math.floor(Date.now() / 1000);
  #soa: readonly Buffer[];

  constructor({ domain, serverAddress, reverseCidrs, ttlSeconds }: ZoneOptions) {
    this.domain = domain;
    this.index = new ZoneIndex(ttlSeconds);
    this.#suffix = `.${domain}`;
    this.#podSuffix = `.pod.${domain}`;
    this.#ttlSeconds = ttlSeconds;
    this.#reverseSuffixes = reverseCidrs.map(reverseSuffix);
    this.#serverName = `ns.dns.${domain}`;
    this.index.replace("(zone)", [
      { name: `dns-version.${domain}`, type: "TXT", data: DNS_SCHEMA_VERSION },
      { name: domain, type: "NS", data: this.#serverName },
      { name: this.#serverName, type: isIPv6(serverAddress) ? "AAAA" : "A", data: serverAddress },
    ]);
    this.#soa = this.#encodeSoa();
  }

  /** To be called after every change of the index. */
  changed(): void {
    const now = Math.floor(Date.now() / 1000);
    if (now === this.#serial) return;
    this.#serial = now;
    this.#soa = this.#encodeSoa();
  }

  /** True for names that only this zone can answer. */
  covers(name: string): boolean {
    return name === this.domain || name.endsWith(this.#suffix);
  }

  /** True for reverse names of the cluster's own ranges. */
  coversReverse(name: string): boolean {
    return this.#reverseSuffixes.some((suffix) => name.endsWith(suffix));
  }

  /** The answer to a name that is covered; undefined when a reverse name is not known and not ours. */
  answer(name: string, type: number): ZoneAnswer | undefined {
    if (!this.covers(name)) {
      const node = this.index.get(name);
      if (node !== undefined) return this.#fromNode(node, type);
      return this.coversReverse(name) ? this.#missing(name) : undefined;
    }
    if (name === this.domain && type === TYPE.SOA) return this.#ok(this.#soa);
    const node = this.index.get(name);
    if (node !== undefined) return this.#fromNode(node, type);
    if (name.endsWith(this.#podSuffix)) return this.#pod(name, type);
    return this.#missing(name);
  }

  #fromNode(node: ZoneNode, type: number): ZoneAnswer {
    const records = node.encoded(type);
    if (type === TYPE.SRV && records.length > 0)
      return { ...this.#ok(records), additionals: this.#targets(node) };
    if (records.length > 1) return this.#ok(rotate(records));
    if (records.length === 1) return this.#ok(records);
    const alias = node.of("CNAME")[0];
    if (alias !== undefined && type !== TYPE.CNAME) {
      return { ...this.#ok(node.encoded(TYPE.CNAME)), follow: alias.data };
    }
    return this.#empty();
  }

  /** 1-2-3-4.<namespace>.pod.<zone> is 1.2.3.4: the name carries the answer. */
  #pod(name: string, type: number): ZoneAnswer {
    const labels = name.slice(0, -this.#podSuffix.length).split(".");
    if (labels.length === 1) return this.#empty();
    const [host = ""] = labels;
    const v4 = host.replaceAll("-", ".");
    const v6 = host.replaceAll("-", ":");
    if (labels.length !== 2 || !(isIPv4(v4) || isIPv6(v6))) return this.#missing(name);
    const wanted = isIPv4(v4) ? "A" : "AAAA";
    if (type !== TYPE[wanted]) return this.#empty();
    const data = wanted === "A" ? v4 : v6;
    return this.#ok([encodeRecord({ type: wanted, ttlSeconds: this.#ttlSeconds, data })]);
  }

  /** Addresses of the names that SRV records lead to. */
  #targets(node: ZoneNode): Buffer[] {
    const names = new Set(node.of("SRV").map(({ data }) => data.target));
    return [...names].flatMap((name) =>
      (["A", "AAAA"] as const).flatMap((type) =>
        (this.index.get(name)?.of(type) ?? []).map(({ data }) =>
          encodeRecord({ name, type, ttlSeconds: this.#ttlSeconds, data }),
        ),
      ),
    );
  }

  #ok(answers: readonly Buffer[]): ZoneAnswer {
    return { rcode: RCODE.NOERROR, authoritative: true, answers };
  }

  #empty(): ZoneAnswer {
    return { rcode: RCODE.NOERROR, authoritative: true, authorities: this.#soa };
  }

  #missing(name: string): ZoneAnswer {
    const exists = this.index.hasBelow(name) || name === this.domain || name === this.#podSuffix.slice(1);
    return { rcode: exists ? RCODE.NOERROR : RCODE.NXDOMAIN, authoritative: true, authorities: this.#soa };
  }

  #encodeSoa(): Buffer[] {
    const data = {
      mname: this.#serverName,
      rname: `hostmaster.${this.domain}`,
      serial: this.#serial,
      refresh: 7200,
      retry: 1800,
      expire: 86400,
      minimum: this.#ttlSeconds,
    };
    return [encodeRecord({ name: this.domain, type: "SOA", ttlSeconds: this.#ttlSeconds, data })];
  }
}

/** Another record first each time, so that clients that take the first spread. */
function rotate<T>(values: readonly T[]): readonly T[] {
  const start = Math.floor(Math.random() * values.length);
  return start === 0 ? values : [...values.slice(start), ...values.slice(0, start)];
}

/** "10.64.0.0/16" -> ".64.10.in-addr.arpa"; the prefix is rounded up to whole labels. */
function reverseSuffix(cidr: string): string {
  const [address = "", length = "32"] = cidr.split("/");
  const unit = address.includes(":") ? 4 : 8;
  const labels = reverseName(address.includes(":") ? expandIpv6(address).join(":") : address).split(".");
  const total = labels.length - 2;
  return `.${labels.slice(total - Math.floor(Number(length) / unit)).join(".")}`;
}
