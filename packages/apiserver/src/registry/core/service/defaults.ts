import type { Service } from "@jdos/api";

const CLIENT_AFFINITY_SECONDS = 10_800;

/** Defaults in place. Addresses and node ports are given out by admission. */
export function defaultService(service: Service): void {
  const spec = service.spec;
  if (spec === undefined) return;
  spec.type ||= "ClusterIP";
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  else if (spec.sessionAffinity === "ClientIP") {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= CLIENT_AFFINITY_SECONDS;
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    if (port.targetPort === undefined || port.targetPort === "" || port.targetPort === 0) {
      port.targetPort = port.port;
    }
  }
  defaultPolicies(spec);
  defaultFamilies(spec);
}

type Spec = NonNullable<Service["spec"]>;

function defaultPolicies(spec: Spec): void {
  const external = spec.type === "NodePort" || spec.type === "LoadBalancer";
  if (external || (spec.externalIPs ?? []).length > 0) spec.externalTrafficPolicy ||= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
  if (spec.type !== "ExternalName") spec.internalTrafficPolicy ??= "Cluster";
}

function defaultFamilies(spec: Spec): void {
  if (spec.type === "ExternalName") return;
  if (spec.clusterIP && spec.clusterIPs === undefined) spec.clusterIPs = [spec.clusterIP];
  else if (!spec.clusterIP && spec.clusterIPs?.[0] !== undefined) spec.clusterIP = spec.clusterIPs[0];
  spec.ipFamilies ??= ["IPv4"];
  spec.ipFamilyPolicy ??= "SingleStack";
}
