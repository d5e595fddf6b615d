import type { Owner } from "../request-meter.ts";

/** A server: one endpoint of a Service at one port. */
export interface Server {
  address: string;
  port: number;
  /** ready takes requests; draining finishes those it has. */
  state: "ready" | "draining";
}

/** The endpoints of one port of a Service. */
export interface Backend {
  /** "demo.hello.http": namespace, Service, port. */
  name: string;
  mode: "http" | "tcp";
  servers: Server[];
  /** What people read when no server is ready. */
  unavailable: string;
  /** Whose requests are counted here. */
  owner?: Owner;
}

/** One host and path. */
export interface Route {
  /** Lower case; "*.example.com" for one label more; "" for any host. */
  host: string;
  path: string;
  match: "Exact" | "Prefix";
  backend: string;
  /** Another backend that takes a share of the requests. */
  canary?: { backend: string; weight: number };
}

/** What is counted for an Ingress that takes a share of another's requests. */
export interface Canary {
  /** "namespace/name" */
  ingress: string;
  uid: string;
  /** As the Ingress says, also while none of its servers is ready and it takes nothing. */
  weight: number;
  /** Names of the backends that take the share, and of those that take the rest. */
  backends: string[];
  stable: string[];
}

/** Of one port of a Service of type LoadBalancer. */
export function tcpBackendName({
  namespace,
  name,
  port,
}: {
  namespace: string;
  name: string;
  port: number;
}): string {
  return `tcp.${namespace}.${name}.${port}`;
}

export interface TcpFrontend {
  /** The name of its backend. */
  backend: string;
  port: number;
}

/** What HAProxy should do. */
export interface Desired {
  backends: Backend[];
  routes: Route[];
  tcp: TcpFrontend[];
  canaries?: Canary[];
}
