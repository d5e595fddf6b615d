import type { Frontend } from "./frontend.ts";

export interface RulesetOptions {
  table: string;
  bridge: string;
  gateway: string;
  podCidr: string;
  serviceCidr: string;
}

/**
 * Which shared chain a frontend goes to: by its kind and protocol, how an endpoint is chosen, and from how many.
 */
export function chainOf({ kind, protocol, sticky, endpoints }: Frontend): string {
  return `${kind}-${protocol}-${sticky ? "sticky" : "random"}-${endpoints.length}`;
}

/**
 * The chain that all such frontends share: it draws a slot and looks the endpoint up under the frontend's own key.
 */
export function chainText({ kind, protocol, sticky, endpoints }: Frontend): string {
  const count = endpoints.length;
  const slot = sticky ? `jhash ip saddr mod ${count} seed 0x6a646f73` : `numgen random mod ${count}`;
  const key = kind === "address" ? `ip daddr . ${protocol} dport` : `${protocol} dport`;
  return `dnat ip to ${key} . ${slot} map @${kind}-${protocol}-endpoints`;
}

/** Names of the maps a frontend lives in. */
export function mapsOf({ kind, protocol }: Frontend): { frontends: string; endpoints: string } {
  return { frontends: `${kind}-frontends`, endpoints: `${kind}-${protocol}-endpoints` };
}

/** The key of one endpoint: the frontend's without its protocol, which is in the map's name. */
export function slotKey({ key, protocol }: Frontend, slot: number): string {
  return `${key.replace(`${protocol} . `, "")} . ${slot}`;
}

/** A map for each protocol: what is typed by the transport header at large cannot be changed later (nft 1.0.6). */
function endpointMaps(protocol: string): string {
  const slot = "numgen random mod 65536";
  return `map address-${protocol}-endpoints { typeof ip daddr . ${protocol} dport . ${slot} : ip daddr . ${protocol} dport; }
  map port-${protocol}-endpoints { typeof ${protocol} dport . ${slot} : ip daddr . ${protocol} dport; }`;
}

/**
 * The table without any Service in it. What is sent to the service range and was not led to an endpoint is
 * rejected, so that a client learns at once that nothing answers there.
 */
export function skeleton({ table, gateway, podCidr, serviceCidr }: RulesetOptions): string {
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
  map address-frontends { type ipv4_addr . inet_proto . inet_service : verdict; }
  map port-frontends { type inet_proto . inet_service : verdict; }
  ${["tcp", "udp", "sctp"].map(endpointMaps).join("\n  ")}
  set hairpins { type ipv4_addr . ipv4_addr; }
  chain route {
    ip daddr . meta l4proto . th dport vmap @address-frontends
    ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @port-frontends
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump route
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump route
  }
  chain postrouting {
    type nat hook postrouting priority 95; policy accept;
    ct status dnat ip saddr . ip daddr @hairpins snat ip to ${gateway}
    ct status dnat ct original ip daddr ${serviceCidr} ip daddr != ${podCidr} fib daddr type != local masquerade
  }
  chain undelivered {
    ip daddr ${serviceCidr} meta l4proto tcp reject with tcp reset
    ip daddr ${serviceCidr} reject
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    jump undelivered
  }
  chain filter-output {
    type filter hook output priority filter; policy accept;
    jump undelivered
  }
}
`;
}
