import {
  APPLICATION_LABEL,
  CANARY_ANNOTATION,
  CANARY_WEIGHT_ANNOTATION,
  type EndpointSlice,
  type Ingress,
  type Service,
  type ServicePort,
} from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import {
  type Backend,
  type Canary,
  type Desired,
  type Route,
  type TcpFrontend,
  tcpBackendName,
} from "./desired.ts";
import { byCreation } from "./order.ts";
import { serversOf } from "./servers.ts";

export const LISTEN_PORT_ANNOTATION = "jdos.io/listen-port";

/** Paths travel in map files and over the admin socket, where white space, quotes and semicolons have a meaning. */
const SAFE_PATH = /^\/[A-Za-z0-9\-._~!$&'()*+,=:@%/]*$/;

/** What the objects are read from. */
export interface World {
  ingresses: readonly Stored<Ingress>[];
  loadBalancerServices: readonly Stored<Service>[];
  /** Those of another type by now whose status still says addresses. */
  formerServices: readonly Stored<Service>[];
  service(namespace: string, name: string): Stored<Service> | undefined;
  slices(namespace: string, service: string): readonly Stored<EndpointSlice>[];
  /** Ports that are not to be given to TCP services. */
  reservedPorts: ReadonlySet<number>;
}

/** Something an object asks for that is not done, for an Event about it. */
export interface Problem {
  about: Stored<Ingress> | Stored<Service>;
  reason: string;
  message: string;
}

/**
 * The objects as routes and backends. Where two Ingresses claim the same host and path, the older one has it; one that
 * is a canary takes a share of the requests there.
 */
export function buildDesired(world: World): { desired: Desired; problems: Problem[] } {
  const builder = new Builder(world);
  const inOrder = [...world.ingresses].sort(byCreation);
  for (const ingress of inOrder.filter((one) => !isCanary(one))) builder.addIngress(ingress);
  for (const ingress of inOrder.filter(isCanary)) builder.addCanary(ingress);
  for (const service of [...world.loadBalancerServices].sort(byCreation)) builder.addTcp(service);
  return { desired: builder.desired(), problems: builder.problems };
}

function isCanary({ metadata }: Stored<Ingress>): boolean {
  return metadata.annotations?.[CANARY_ANNOTATION] === "true";
}

/** Where a Service of type LoadBalancer asks to be listened to, port by port; NaN for what is no number. */
export function wantedPorts({ metadata, spec }: Stored<Service>): number[] {
  const annotated = metadata.annotations?.[LISTEN_PORT_ANNOTATION];
  return (spec?.ports ?? []).map(({ port }, index) =>
    index === 0 && annotated !== undefined ? Number(annotated) : port,
  );
}

type IngressBackend = DeepReadonly<NonNullable<NonNullable<Ingress["spec"]>["defaultBackend"]>>;

class Builder {
  readonly problems: Problem[] = [];
  readonly #world: World;
  readonly #backends = new Map<string, Backend>();
  readonly #routes = new Map<string, Route & { readonly namespace: string }>();
  readonly #canaries: Canary[] = [];
  readonly #tcp = new Map<number, TcpFrontend>();

  constructor(world: World) {
    this.#world = world;
  }

  desired(): Desired {
    return {
      backends: [...this.#backends.values()],
      routes: [...this.#routes.values()].map(({ namespace: _, ...route }) => route),
      tcp: [...this.#tcp.values()],
      ...(this.#canaries.length === 0 ? {} : { canaries: this.#canaries }),
    };
  }

  addIngress(ingress: Stored<Ingress>): void {
    if ((ingress.spec?.tls ?? []).length > 0) {
      this.problems.push({
        about: ingress,
        reason: "TLSNotServed",
        message: "TLS is not served: the route answers over HTTP",
      });
    }
    for (const { host = "", http } of ingress.spec?.rules ?? []) {
      for (const { path = "/", pathType, backend } of http?.paths ?? []) {
        this.#addRoute(ingress, { host, path, match: pathType === "Exact" ? "Exact" : "Prefix" }, backend);
      }
    }
    const fallback = ingress.spec?.defaultBackend;
    if (fallback !== undefined) this.#addRoute(ingress, { host: "", path: "/", match: "Prefix" }, fallback);
  }

  /** A share of requests is given within a namespace alone: nobody takes those of others. */
  addCanary(ingress: Stored<Ingress>): void {
    const { namespace = "", name, uid } = ingress.metadata;
    const weight = weightOf(ingress);
    if (weight === undefined) {
      const message = `${CANARY_WEIGHT_ANNOTATION} is not a number from 0 to 100: it takes no requests`;
      this.problems.push({ about: ingress, reason: "CanaryWeightInvalid", message });
      return;
    }
    const canary: Canary = { ingress: `${namespace}/${name}`, uid, weight, backends: [], stable: [] };
    for (const { host = "", http } of ingress.spec?.rules ?? []) {
      for (const { path = "/", pathType, backend } of http?.paths ?? []) {
        const route = this.#routes.get(
          keyOf({ host, path, match: pathType === "Exact" ? "Exact" : "Prefix" }),
        );
        if (route === undefined || route.namespace !== namespace || route.canary !== undefined) {
          const message = `Host "${host}" path "${path}" has no route in ${namespace} that is free to share`;
          this.problems.push({ about: ingress, reason: "CanaryWithoutRoute", message });
          continue;
        }
        const target = this.#target(ingress, backend);
        if (target === undefined) continue;
        canary.backends.push(target.name);
        canary.stable.push(route.backend);
        // Without a server it would answer with errors what the others can answer.
        if (weight > 0 && target.servers.some(({ state }) => state === "ready"))
          route.canary = { backend: target.name, weight };
      }
    }
    if (canary.backends.length > 0) this.#canaries.push(canary);
  }

  addTcp(service: Stored<Service>): void {
    if ((service.spec?.loadBalancerSourceRanges ?? []).length > 0) {
      this.problems.push({
        about: service,
        reason: "SourceRangesNotServed",
        message: "The Service is not served: loadBalancerSourceRanges would not be kept to",
      });
      return;
    }
    const wanted = wantedPorts(service);
    for (const [index, port] of (service.spec?.ports ?? []).entries()) {
      if ((port.protocol ?? "TCP") !== "TCP") {
        const message = `Port ${port.port}/${port.protocol} is not served: only TCP is`;
        this.problems.push({ about: service, reason: "ProtocolNotServed", message });
        continue;
      }
      const listen = wanted[index] ?? port.port;
      if (
        !Number.isInteger(listen) ||
        listen < 1 ||
        listen > 65_535 ||
        this.#world.reservedPorts.has(listen) ||
        this.#tcp.has(listen)
      ) {
        const message = `Port ${listen} cannot be listened on: it is taken, below 1024 and HAProxy may not, or not a port; choose another, or one to listen on by the annotation ${LISTEN_PORT_ANNOTATION}`;
        this.problems.push({ about: service, reason: "PortUnavailable", message });
        continue;
      }
      this.#tcp.set(listen, { backend: this.#backend(service, port, "tcp").name, port: listen });
    }
  }

  #addRoute(ingress: Stored<Ingress>, at: Omit<Route, "backend">, target: IngressBackend): void {
    if (!SAFE_PATH.test(at.path)) {
      const message = `Path "${at.path}" is not served: it may hold letters, digits and -._~!$&'()*+,=:@%/`;
      this.problems.push({ about: ingress, reason: "PathNotServed", message });
      return;
    }
    const host = at.host.toLowerCase();
    const key = keyOf(at);
    if (this.#routes.has(key)) {
      const message = `Host "${host}" path "${at.path}" belongs to an older Ingress`;
      this.problems.push({ about: ingress, reason: "RouteTaken", message });
      return;
    }
    const backend = this.#target(ingress, target);
    const { namespace = "" } = ingress.metadata;
    if (backend !== undefined) this.#routes.set(key, { ...at, host, backend: backend.name, namespace });
  }

  #target(ingress: Stored<Ingress>, target: IngressBackend): Backend | undefined {
    const namespace = ingress.metadata.namespace ?? "";
    const service = this.#world.service(namespace, target.service?.name ?? "");
    const wanted = target.service?.port;
    const port = service?.spec?.ports?.find(({ name, port: number }) =>
      wanted?.name ? name === wanted.name : number === wanted?.number,
    );
    if (service !== undefined && port !== undefined) return this.#backend(service, port, "http");
    const message = `Service "${target.service?.name ?? ""}" with port "${wanted?.name ?? wanted?.number ?? ""}" is not there`;
    this.problems.push({ about: ingress, reason: "BackendNotFound", message });
    return undefined;
  }

  #backend(service: Stored<Service>, port: DeepReadonly<ServicePort>, mode: Backend["mode"]): Backend {
    const { namespace = "", name } = service.metadata;
    const portName = port.name ?? "";
    const backendName =
      mode === "tcp"
        ? tcpBackendName({ namespace, name, port: port.port })
        : `${mode}.${namespace}.${name}.${port.port}`;
    const known = this.#backends.get(backendName);
    if (known !== undefined) return known;
    const backend: Backend = {
      name: backendName,
      mode,
      servers: serversOf(this.#world.slices(namespace, name), portName),
      unavailable: `No Pod of ${name} in ${namespace} is ready. Ask: jdos why --system ${namespace} --app ${name}`,
      owner: { system: namespace, application: service.metadata.labels?.[APPLICATION_LABEL] ?? name },
    };
    this.#backends.set(backendName, backend);
    return backend;
  }
}

function keyOf({ host, path, match }: Pick<Route, "host" | "path" | "match">): string {
  return `${match} ${host.toLowerCase()} ${path}`;
}

function weightOf({ metadata }: Stored<Ingress>): number | undefined {
  const text = metadata.annotations?.[CANARY_WEIGHT_ANNOTATION] ?? "0";
  const weight = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  return weight <= 100 ? weight : undefined;
}
