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
}

/** One host and path. */
export interface Route {
  /** Lower case; "*.example.com" for one label more; "" for any host. */
  host: string;
  path: string;
  match: "Exact" | "Prefix";
  backend: string;
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
}
