import type { Client } from "@jdos/client";
import {
  type Clock,
  createMetrics,
  type Logger,
  type Metrics,
  type SettingValues,
  setting,
  systemClock,
} from "@jdos/component-base";
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
  /** An address or a host name, told in statuses: where people reach HAProxy. Defaults to listenAddress. */
  publishAddress?: string;
  /**
   * The Service before HAProxy: statuses of Ingresses tell the addresses that its own tells, in place of
   * publishAddress. Defaults to none.
   */
  publishService?: { namespace: string; name: string } | undefined;
  /** Whether Services of type LoadBalancer are served; false leaves them to another. Defaults to true. */
  loadBalancerServices?: boolean;
  /**
   * Where such a Service answers: at publishAddress, or at the addresses of all `peers` whose HAProxy listens at its
   * ports, for replicas that are on the network of a node each. Defaults to "published".
   */
  serviceAddresses?: "published" | "replicas";
  /** Whether it writes statuses and Events from the start; else while lead() runs. Defaults to true. */
  leads?: boolean;
  /**
   * Where several replicas carry traffic: this one tells there how far its HAProxy is, and the Service's endpoints are
   * all of them. Routes are said to lead somewhere when they do on every one. Defaults to none: it is alone.
   */
  peers?:
    | { listen: { host: string; port: number }; service: { namespace: string; name: string } }
    | undefined;
  /** Defaults to "jdos". */
  ingressClass?: string;
  /** HAProxy's state is looked at this often, to notice that it was restarted. Defaults to 2. */
  checkSeconds?: number;
  /** Where requests of applications are counted. Defaults to its own. */
  metrics?: Metrics;
  clock?: Clock;
}

/** All that may be left out is there, but for peers and what stands before HAProxy. */
type ReadOptions = Required<Omit<LoadBalancerOptions, "peers" | "publishService">> &
  Pick<LoadBalancerOptions, "peers" | "publishService">;

const MAX_DIRECTORY_BYTES = 90;

/** @throws LoadBalancerError InvalidOption */
export function readOptions({
  listenAddress = "127.0.0.1",
  publishAddress = listenAddress,
  publishService = undefined,
  loadBalancerServices = true,
  serviceAddresses = "published",
  leads = true,
  peers = undefined,
  ingressClass = "jdos",
  checkSeconds = 2,
  metrics = createMetrics(),
  clock = systemClock,
  ...rest
}: LoadBalancerOptions): ReadOptions {
  if (Buffer.byteLength(rest.configDirectory) > MAX_DIRECTORY_BYTES) {
    throw new LoadBalancerError(
      "InvalidOption",
      `Cannot start load balancer: configDirectory "${rest.configDirectory}" is longer than ${MAX_DIRECTORY_BYTES} bytes`,
      { hint: "The path of a Unix socket ends at 108 bytes: choose a shorter directory" },
    );
  }
  if (serviceAddresses === "replicas" && peers === undefined) {
    throw new LoadBalancerError(
      "InvalidOption",
      "Cannot start load balancer: Services are to answer at the addresses of all replicas, and no peers are named",
      { hint: "Name where replicas tell each other how far they are: --peer-address" },
    );
  }
  return {
    listenAddress,
    publishAddress,
    publishService,
    loadBalancerServices,
    serviceAddresses,
    leads,
    peers,
    ingressClass,
    checkSeconds,
    metrics,
    clock,
    ...rest,
  };
}

/** Options of the process. */
export const PROCESS_SETTINGS = {
  "config-directory": setting.text("shared with HAProxy at the same path", "/run/jdos/haproxy"),
  "listen-address": setting.text("where HAProxy listens in its Pod", "0.0.0.0"),
  "http-port": setting.integer("the port of the routes", { fallback: 8080, min: 1 }),
  "publish-address": setting.text(
    "told in statuses: where people reach HAProxy; without it the listen address",
  ),
  "publish-service": setting.text(
    "the Service before HAProxy, as NAMESPACE/NAME: Ingresses are told the addresses of its status; without it the publish address",
  ),
  "peer-address": setting.address(
    "where it tells other replicas how far its HAProxy is, as HOST:PORT; without it it is alone",
  ),
  "peer-service": setting.text(
    "the Service in the platform's namespace that has all replicas there",
    "load-balancer",
  ),
  "ingress-class": setting.text("of the Ingresses it serves", "jdos"),
  "load-balancer-services": setting.boolean(
    "false: Services of type LoadBalancer are left to the cluster",
    true,
  ),
  "replica-addresses": setting.boolean(
    "true: Services of type LoadBalancer answer at the addresses of all replicas, for Pods on the networks of nodes",
    false,
  ),
};

/** The options that a process was given. */
export function optionsOf(
  given: SettingValues<typeof PROCESS_SETTINGS>,
  namespace: string,
): Omit<LoadBalancerOptions, "client" | "log"> {
  const publishAddress = given["publish-address"];
  const publishService = given["publish-service"];
  const listen = given["peer-address"];
  return {
    configDirectory: given["config-directory"],
    listenAddress: given["listen-address"],
    httpPort: given["http-port"],
    ...(publishAddress === undefined ? {} : { publishAddress }),
    ...(publishService === undefined ? {} : { publishService: serviceOf(publishService) }),
    ...(listen === undefined
      ? {}
      : { peers: { listen, service: { namespace, name: given["peer-service"] } } }),
    ingressClass: given["ingress-class"],
    loadBalancerServices: given["load-balancer-services"],
    serviceAddresses: given["replica-addresses"] ? "replicas" : "published",
  };
}

function serviceOf(text: string): { namespace: string; name: string } {
  const [namespace = "", name = "", ...rest] = text.split("/");
  if (namespace !== "" && name !== "" && rest.length === 0) return { namespace, name };
  throw new LoadBalancerError(
    "InvalidOption",
    `Cannot start load balancer: --publish-service "${text}" names no Service`,
    { hint: "Give it as NAMESPACE/NAME" },
  );
}
