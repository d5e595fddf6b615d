import type { Service } from "@jdos/api";
import type { Stored } from "@jdos/client";

/** Where a Pod of a namespace learns of the Services there were when its container started. */
export interface ServiceSource {
  list(namespace: string): readonly Stored<Service>[];
}

/**
 * The variables that name Services: the API server's always, the rest of the namespace's with enableServiceLinks.
 * Source: kubernetes.io, Service, Environment variables.
 */
export function serviceEnvironment(
  services: ServiceSource,
  namespace: string,
  enableServiceLinks: boolean,
): Record<string, string> {
  const env: Record<string, string> = {};
  const master = services.list("default").find((service) => service.metadata.name === "kubernetes");
  if (master !== undefined) addService(env, master);
  if (!enableServiceLinks) return env;
  for (const service of services.list(namespace)) addService(env, service);
  return env;
}

function addService(env: Record<string, string>, service: Stored<Service>): void {
  const address = service.spec?.clusterIP;
  const ports = service.spec?.ports ?? [];
  if (address === undefined || address === "" || address === "None" || ports.length === 0) return;
  const name = constant(service.metadata.name);
  const host = address.includes(":") ? `[${address}]` : address;
  const first = ports[0]!;
  env[`${name}_SERVICE_HOST`] = address;
  env[`${name}_SERVICE_PORT`] = String(first.port);
  env[`${name}_PORT`] = `${(first.protocol ?? "TCP").toLowerCase()}://${host}:${first.port}`;
  for (const port of ports) {
    if (port.name !== undefined && port.name !== "")
      env[`${name}_SERVICE_PORT_${constant(port.name)}`] = String(port.port);
    const protocol = port.protocol ?? "TCP";
    const prefix = `${name}_PORT_${port.port}_${protocol}`;
    env[prefix] = `${protocol.toLowerCase()}://${host}:${port.port}`;
    env[`${prefix}_PROTO`] = protocol.toLowerCase();
    env[`${prefix}_PORT`] = String(port.port);
    env[`${prefix}_ADDR`] = address;
  }
}

function constant(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
