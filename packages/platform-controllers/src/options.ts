import type { Client } from "@jdos/client";
import type { Clock, Logger, Metrics } from "@jdos/component-base";

export interface PlatformControllersOptions {
  /** Of the user system:serviceaccount:jdos-system:platform-controllers. */
  client: Client;
  log: Logger;
  registry?: Partial<RegistrySettings>;
  routes?: Partial<RouteSettings>;
  build?: Partial<BuildSettings>;
  metrics?: Metrics;
  /** Defaults to the system's clock. */
  clock?: Clock;
}

export interface RegistrySettings {
  /** The host in image references. Defaults to registry.jdos.internal. */
  host: string;
  /** Where Pods reach it. Defaults to http://registry.jdos-system.svc:5000. */
  url: string;
}

export interface RouteSettings {
  /** Applications answer at <application>.<system>.<domain>. Defaults to jdos.localhost. */
  domain: string;
  /** The port in URLs told to people. Defaults to 8080. */
  port: number;
  /** Defaults to http. */
  scheme: "http" | "https";
  /** Defaults to jdos. */
  ingressClassName: string;
}

export interface BuildSettings {
  /** Runs image-builder. Defaults to registry.jdos.internal/jdos/tools:12. */
  toolsImage: string;
  /** Defaults to Never: the tools image is imported, not pulled. */
  toolsImagePullPolicy: "Never" | "IfNotPresent" | "Always";
  /** Stacks build on it. Defaults to registry.jdos.internal/jdos/base:12. */
  baseImage: string;
  /** The repository's tree on the node, mounted at /jdos. Absent: the tools image has it there. */
  repositoryHostPath?: string;
  /** The namespace whose ConfigMap build-environment is copied for each build. Defaults to jdos-system. */
  platformNamespace: string;
  /** Defaults to 200m. */
  cpu: string;
  /** Memory limit of the user's steps. Defaults to 4Gi. */
  memory: string;
}

export interface Settings {
  readonly registry: RegistrySettings;
  readonly routes: RouteSettings;
  readonly build: BuildSettings;
}

/** The settings with their defaults. */
export function settingsOf(
  options: Pick<PlatformControllersOptions, "registry" | "routes" | "build"> = {},
): Settings {
  const registry = {
    host: "registry.jdos.internal",
    url: "http://registry.jdos-system.svc:5000",
    ...options.registry,
  };
  return {
    registry,
    routes: {
      domain: "jdos.localhost",
      port: 8080,
      scheme: "http",
      ingressClassName: "jdos",
      ...options.routes,
    },
    build: {
      toolsImage: `${registry.host}/jdos/tools:12`,
      toolsImagePullPolicy: "Never",
      baseImage: `${registry.host}/jdos/base:12`,
      platformNamespace: "jdos-system",
      cpu: "200m",
      memory: "4Gi",
      ...options.build,
    },
  };
}
