import type { Attachment, PortMapping } from "../attachment-store.ts";
import type { Listener } from "../options.ts";
import { confinedRules } from "./confined-rules.ts";

export interface BridgeRulesOptions {
  table: string;
  bridge: string;
  podCidr: string;
  gateway: string;
  serviceCidr: string;
  openToConfined: readonly Listener[];
}

/**
 * The table of the Pod network, replaced in one transaction. Pods reach the outside under the host's address;
 * Pod to Pod and Pod to Service keep theirs. A packet whose source is not the address of the interface it came
 * from is dropped, and so is one for a loopback address. Confined Pods: see confinedRules().
 */
export function bridgeRules(options: BridgeRulesOptions, attachments: readonly Attachment[]): string {
  const { table, bridge, podCidr, gateway, serviceCidr } = options;
  const hostPorts = attachments.flatMap((attachment) =>
    attachment.portMappings.map((mapping) => hostPortElement(mapping, attachment.address)),
  );
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
  map host-ports {
    type inet_proto . inet_service : ipv4_addr . inet_service
    ${hostPorts.length === 0 ? "" : `elements = { ${hostPorts.join(", ")} }`}
  }
  chain sources {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}-*" fib saddr . iif oif missing counter drop
    iifname "${bridge}-*" ip daddr 127.0.0.0/8 counter drop
  }
  chain prerouting {
    type nat hook prerouting priority -95; policy accept;
    fib daddr type local ip protocol { tcp, udp, sctp } dnat ip to meta l4proto . th dport map @host-ports
  }
  chain output {
    type nat hook output priority -95; policy accept;
    ip daddr != 127.0.0.0/8 fib daddr type local ip protocol { tcp, udp, sctp } dnat ip to meta l4proto . th dport map @host-ports
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${podCidr} ip daddr != ${podCidr} ip daddr != ${serviceCidr} masquerade
    oifname "${bridge}-*" ip saddr ${podCidr} ct status dnat ct original ip daddr != ${serviceCidr} snat ip to ${gateway}
  }
${confinedRules(options, attachments)}}
`;
}

/** Adds or removes the host ports of one attachment; "" when it has none. */
export function hostPortChange(
  table: string,
  verb: "add" | "delete",
  { portMappings, address }: Pick<Attachment, "portMappings" | "address">,
): string {
  return portMappings
    .map((mapping) => `${verb} element inet ${table} host-ports { ${hostPortElement(mapping, address)} }\n`)
    .join("");
}

function hostPortElement({ protocol, hostPort, containerPort }: PortMapping, address: string): string {
  return `${protocol} . ${hostPort} : ${address} . ${containerPort}`;
}
