import {
  type EndpointSlice,
  EndpointSlices,
  type Ingress,
  IngressClasses,
  Ingresses,
  type Service,
  Services,
} from "@jdos/api";
import type { Informer, InformerFactory, Stored } from "@jdos/client";
import { type World, wantedPorts } from "./model/build-desired.ts";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";
const BY_SERVICE = "service";
const BY_TYPE = "type";
const BY_NODE_PORT = "nodePort";
const FORMER = "former";

/** Prepares the informers' indexes; call before they start. */
export function indexWorld(informers: InformerFactory): void {
  informers.for(EndpointSlices).addIndex(BY_SERVICE, ({ metadata }) => {
    const name = metadata.labels?.[SERVICE_NAME_LABEL];
    return name === undefined ? [] : [`${metadata.namespace}/${name}`];
  });
  informers.for(Services).addIndex(BY_TYPE, ({ spec }) => [spec?.type ?? "ClusterIP"]);
  informers.for(Services).addIndex(FORMER, ({ spec, status }) => {
    const told = status?.loadBalancer?.ingress ?? [];
    return spec?.type !== "LoadBalancer" && told.length > 0 ? [FORMER] : [];
  });
  informers
    .for(Services)
    .addIndex(BY_NODE_PORT, ({ spec }) =>
      (spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [String(nodePort)] : [])),
    );
}

export interface ReadWorldOptions {
  ingressClass: string;
  /** Whether Services of type LoadBalancer are served. */
  loadBalancerServices: boolean;
  reservedPorts: ReadonlySet<number>;
}

/**
 * The objects of interest, read from the informers' memory. Every object is read once: what is said about a round
 * at its end is what the round began with, however the world moved on meanwhile.
 */
export function readWorld(
  informers: InformerFactory,
  { ingressClass, loadBalancerServices, reservedPorts }: ReadWorldOptions,
): World {
  const services = informers.for(Services).lister;
  const slices = informers.for(EndpointSlices);
  const classes = informers.for(IngressClasses).lister;
  const own = classes.get({ name: ingressClass });
  const isDefault = own?.metadata.annotations?.[DEFAULT_CLASS_ANNOTATION] === "true";
  const balanced = loadBalancerServices ? services.byIndex(BY_TYPE, "LoadBalancer").filter(isServed) : [];
  return {
    ingresses: informers
      .for(Ingresses)
      .lister.list()
      .filter((ingress) => isOurs(ingress, ingressClass, isDefault)),
    loadBalancerServices: balanced,
    formerServices: loadBalancerServices ? services.byIndex(FORMER, FORMER) : [],
    service: once((namespace, name) => services.get({ namespace, name })),
    slices: once((namespace, name) => slicesOf(slices, { namespace, name })),
    reservedPorts: new Set([...reservedPorts, ...nodePorts(services, balanced)]),
  };
}

/** Those of the ports asked for that are some Service's port on every node. */
function nodePorts(
  services: Informer<Service>["lister"],
  balanced: readonly Stored<Service>[],
): readonly number[] {
  return balanced
    .flatMap((service) => wantedPorts(service))
    .filter((port) => services.byIndex(BY_NODE_PORT, String(port)).length > 0);
}

/** The slices of one Service; the informer has to be indexed. */
export function slicesOf(
  slices: Informer<EndpointSlice>,
  { namespace, name }: { namespace: string; name: string },
): readonly Stored<EndpointSlice>[] {
  return slices.lister.byIndex(BY_SERVICE, `${namespace}/${name}`);
}

function once<T>(read: (namespace: string, name: string) => T): (namespace: string, name: string) => T {
  const known = new Map<string, T>();
  return (namespace, name) => {
    const key = `${namespace}/${name}`;
    if (!known.has(key)) known.set(key, read(namespace, name));
    return known.get(key) as T;
  };
}

function isOurs(ingress: Stored<Ingress>, ingressClass: string, isDefault: boolean): boolean {
  if (ingress.metadata.deletionTimestamp !== undefined) return false;
  const wanted = ingress.spec?.ingressClassName;
  return wanted === undefined ? isDefault : wanted === ingressClass;
}

/** A Service that names another class of load balancer is somebody else's. */
function isServed({ metadata, spec }: Stored<Service>): boolean {
  return metadata.deletionTimestamp === undefined && spec?.loadBalancerClass === undefined;
}
