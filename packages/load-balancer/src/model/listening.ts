import type { Service } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { type Desired, tcpBackendName } from "./desired.ts";

/** How a replica's HAProxy stands to a Service of type LoadBalancer. */
export interface Listening {
  /** The ports that the Service asks for, as this replica knows it: "TCP/80,UDP/53". */
  ports: string;
  /** Whether HAProxy listens at every one of them. */
  all: boolean;
}

/** Of every such Service that a replica knows, by "namespace/name". */
export type Listenings = Readonly<Record<string, Listening>>;

/**
 * A Service answers at an address only where HAProxy has all its ports at their own numbers: who reads a status joins
 * the address with those, and kube-proxy leads all that reaches a node there to the Service, whoever else listens.
 * Source: kubernetes.io, Service, Load balancer IP mode.
 */
export function listeningOf({ metadata, spec }: Stored<Service>, { tcp }: Pick<Desired, "tcp">): Listening {
  const { namespace = "", name } = metadata;
  const ports = spec?.ports ?? [];
  return {
    ports: ports.map(({ protocol = "TCP", port }) => `${protocol}/${port}`).join(","),
    all: ports.every(
      ({ protocol = "TCP", port }) =>
        protocol === "TCP" &&
        tcp.some((one) => one.port === port && one.backend === tcpBackendName({ namespace, name, port })),
    ),
  };
}
