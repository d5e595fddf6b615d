import type { Attachment } from "../attachment-store.ts";
import type { Listener } from "../options.ts";

export interface ConfinedRulesOptions {
  podCidr: string;
  serviceCidr: string;
  openToConfined: readonly Listener[];
}

/**
 * Addresses that a machine answers for its own guests or neighbours only: link-local ones with the metadata of most
 * clouds, those of Azure's agent and of Alibaba's metadata, multicast and broadcast.
 */
const NEIGHBOURS = [
  "169.254.0.0/16",
  "168.63.129.16",
  "100.100.100.200",
  "224.0.0.0/4",
  "255.255.255.255",
] as const;

/**
 * Pods that run what strangers wrote reach the outside and the Services that are opened to them. They are refused
 * other Pods, Services, the node by the gateway's address (API server, kubelet, platform API), link-local addresses
 * and all of IPv6, and nobody begins a connection to them. The interface tells who they are: an address can be borrowed.
 */
export function confinedRules(options: ConfinedRulesOptions, attachments: readonly Attachment[]): string {
  const { podCidr, serviceCidr, openToConfined } = options;
  const names = attachments.filter(({ confined }) => confined).map(interfaceElement);
  const open = openToConfined.map(
    ({ protocol, address, port }) =>
      `    meta l4proto ${protocol} ct original ip daddr ${address} ct original proto-dst ${port} accept\n`,
  );
  return `  set confined {
    type ifname
    ${names.length === 0 ? "" : `elements = { ${names.join(", ")} }`}
  }
  chain from-confined {
    ct state established,related accept
${open.join("")}    meta nfproto ipv6 counter ${REFUSE}
    ip daddr { ${[podCidr, serviceCidr, ...NEIGHBOURS].join(", ")} } counter ${REFUSE}
  }
  chain confined-input {
    type filter hook input priority filter; policy accept;
    iifname @confined jump from-confined
  }
  chain confined-forward {
    type filter hook forward priority filter; policy accept;
    iifname @confined jump from-confined
    oifname @confined ct state new counter ${REFUSE}
  }
`;
}

/** A client hears at once that it may not. */
const REFUSE = "reject with icmpx type admin-prohibited";

/** Confines one attachment, or forgets it. */
export function confinedChange(
  table: string,
  verb: "add" | "delete",
  attachment: Pick<Attachment, "hostInterface">,
): string {
  return `${verb} element inet ${table} confined { ${interfaceElement(attachment)} }\n`;
}

function interfaceElement({ hostInterface }: Pick<Attachment, "hostInterface">): string {
  return `"${hostInterface}"`;
}
