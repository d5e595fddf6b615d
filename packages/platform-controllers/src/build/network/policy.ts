import { isIPv6 } from "node:net";
import { BUILD_LABEL, type NetworkPolicy } from "@jdos/api";
import { PRIVATE_RANGES } from "../../private-ranges.ts";

/** One of a System's namespace, for the Pods of its builds. */
export const BUILD_POLICY = "jdos-builds";

export type EgressRule = NonNullable<NonNullable<NetworkPolicy["spec"]>["egress"]>[number];

/** What Pods of builds reach beside names and public addresses. */
export interface BuildNetwork {
  /** Ranges, or rules in Kubernetes' own words: where what they need has a private address. */
  readonly reach: readonly (string | EgressRule)[];
  /** Ranges they never reach though they are public: of Pods, of nodes. */
  readonly avoid: readonly string[];
}

/** An address that the platform's own settings name. */
export interface Named {
  readonly address: string;
  readonly port: number;
}

/**
 * Nobody reaches a build; it reaches names (port 53, wherever a cluster has its DNS), the registry and what the build
 * environment names, and public IPv4 addresses. All else of IPv6 is for `reach` to say: there the addresses of Pods and
 * nodes are often public ones.
 */
export function renderBuildPolicy(
  namespace: string,
  { reach, avoid }: BuildNetwork,
  named: readonly Named[],
): NetworkPolicy {
  const except = [...PRIVATE_RANGES, ...avoid].filter((range) => !range.includes(":"));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: BUILD_POLICY, namespace, labels: { "app.kubernetes.io/managed-by": "jdos" } },
    spec: {
      podSelector: { matchExpressions: [{ key: BUILD_LABEL, operator: "Exists" }] },
      policyTypes: ["Ingress", "Egress"],
      egress: [
        { ports: (["UDP", "TCP"] as const).map((protocol) => ({ protocol, port: 53 })) },
        { to: [{ ipBlock: { cidr: "0.0.0.0/0", except } }] },
        ...named.map(({ address, port }) => ({
          to: [{ ipBlock: { cidr: `${address}/${isIPv6(address) ? 128 : 32}` } }],
          ports: [{ protocol: "TCP", port }],
        })),
        ...reach.map((each) => (typeof each === "string" ? { to: [{ ipBlock: { cidr: each } }] } : each)),
      ],
    },
  };
}
