import {
  type ApplicationRoute,
  CANARY_ANNOTATION,
  CANARY_WEIGHT_ANNOTATION,
  canaryName,
  type HTTPIngressPath,
  type Ingress,
  type IngressRule,
  type Service,
} from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Settings } from "../../options.ts";
import { portsOf } from "./ports.ts";
import { labelsOf, type Subject } from "./subject.ts";

type Named = { readonly metadata: { readonly name: string; readonly namespace?: string } };

/** The Ingress of an application's routes; undefined when it wants none. Left out, it has its default host name. */
export function renderIngress({ application, release, settings }: Subject): Ingress | undefined {
  const routes: readonly DeepReadonly<ApplicationRoute>[] = release.spec.routes ?? [{}];
  if (routes.length === 0) return undefined;
  const firstPort = portsOf(release.spec.run)[0].port;
  const byHost = new Map<string, HTTPIngressPath[]>();
  for (const route of routes) {
    const host = route.host ?? defaultHost(application, settings);
    const paths = byHost.get(host) ?? [];
    byHost.set(host, paths);
    paths.push({
      path: route.path ?? "/",
      pathType: "Prefix",
      backend: {
        service: {
          name: application.metadata.name,
          port: { number: route.port === undefined || route.port === firstPort ? 80 : route.port },
        },
      },
    });
  }
  const rules: IngressRule[] = [...byHost].map(([host, paths]) => ({ host, http: { paths } }));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name: application.metadata.name,
      namespace: application.metadata.namespace,
      labels: labelsOf(application),
    },
    spec: { ingressClassName: settings.routes.ingressClassName, rules },
  };
}

/**
 * The Ingress by which a Release that is tried takes its share of the requests: at the hosts and paths of the one that
 * serves (`subject`), as far as the Service beside has their ports. Undefined where no route is left.
 */
export function renderCanaryIngress(
  subject: Subject,
  { service, weight }: { service: Service; weight: number },
): Ingress | undefined {
  const whole = renderIngress(subject);
  if (whole === undefined) return undefined;
  const ports = new Set(service.spec?.ports?.map(({ port }) => port));
  const name = canaryName(subject.application.metadata.name);
  const rules = (whole.spec?.rules ?? []).flatMap(({ host, http }): IngressRule[] => {
    const paths = (http?.paths ?? []).flatMap(({ backend, ...path }): HTTPIngressPath[] => {
      const port = backend.service?.port;
      return ports.has(port?.number ?? 0)
        ? [{ ...path, backend: { service: { name, ...(port === undefined ? {} : { port }) } } }]
        : [];
    });
    return paths.length === 0 ? [] : [{ ...(host === undefined ? {} : { host }), http: { paths } }];
  });
  if (rules.length === 0) return undefined;
  const annotations = { [CANARY_ANNOTATION]: "true", [CANARY_WEIGHT_ANNOTATION]: String(weight) };
  return { ...whole, metadata: { ...whole.metadata, name, annotations }, spec: { ...whole.spec, rules } };
}

/** <application>.<system>.<domain> */
export function defaultHost(application: Named, settings: Settings): string {
  return `${application.metadata.name}.${application.metadata.namespace ?? ""}.${settings.routes.domain}`;
}

/** Where people reach an application: its first route. Undefined without routes. */
export function urlOf({ application, release, settings }: Subject): string | undefined {
  const routes: readonly DeepReadonly<ApplicationRoute>[] = release.spec.routes ?? [{}];
  const first = routes[0];
  if (first === undefined) return undefined;
  const { scheme, port } = settings.routes;
  const shownPort = port === (scheme === "https" ? 443 : 80) ? "" : `:${port}`;
  const path = first.path === undefined || first.path === "/" ? "" : first.path;
  return `${scheme}://${first.host ?? defaultHost(application, settings)}${shownPort}${path}`;
}
