import type { Client } from "@jdos/client";
import { type Clock, type Logger, systemClock } from "@jdos/component-base";
import { LoadBalancerError } from "./errors.ts";

export interface LoadBalancerOptions {
  /** Reads Ingresses, IngressClasses, Services, EndpointSlices; writes the status of the first and third; Events. */
  client: Client;
  log: Logger;
  /** Shared with HAProxy: configuration, maps, sockets. At most 90 bytes, for the sockets in it. */
  configDirectory: string;
  /** Where routes and TCP ports listen. Defaults to 127.0.0.1. */
  listenAddress?: string;
  /** The port of the routes. */
  httpPort: number;
  /** Defaults to "jdos". */
  ingressClass?: string;
  /** HAProxy's state is looked at this often, to notice that it was restarted. Defaults to 2. */
  checkSeconds?: number;
  clock?: Clock;
}

const MAX_DIRECTORY_BYTES = 90;

/** @throws LoadBalancerError InvalidOption */
export function readOptions({
  listenAddress = "127.0.0.1",
  ingressClass = "jdos",
  checkSeconds = 2,
  clock = systemClock,
  ...rest
}: LoadBalancerOptions): Required<LoadBalancerOptions> {
  if (Buffer.byteLength(rest.configDirectory) > MAX_DIRECTORY_BYTES) {
    throw new LoadBalancerError(
      "InvalidOption",
      `Cannot start load balancer: configDirectory "${rest.configDirectory}" is longer than ${MAX_DIRECTORY_BYTES} bytes`,
      { hint: "The path of a Unix socket ends at 108 bytes: choose a shorter directory" },
    );
  }
  return { listenAddress, ingressClass, checkSeconds, clock, ...rest };
}
