import {
  APPLICATION_LABEL,
  type Application,
  canaryLabel,
  canaryName,
  type Release,
  SYSTEM_LABEL,
} from "@jdos/api";
import type { DeepReadonly, Persisted } from "@jdos/apimachinery";
import type { Settings } from "../../options.ts";

/** What everything that runs is rendered from: the Release, and of the Application only what is outside Releases. */
export interface Subject {
  readonly application: DeepReadonly<Persisted<Application>>;
  readonly release: DeepReadonly<Persisted<Release>>;
  readonly settings: Settings;
  /** A Release that is tried beside the application's own Pods: its objects have another name, its Pods another label. */
  readonly beside?: boolean;
}

/** The name of the Deployment, the Service and the Ingress. */
export function objectName({ application, beside = false }: Pick<Subject, "application" | "beside">): string {
  const { name } = application.metadata;
  return beside ? canaryName(name) : name;
}

/** Labels by which the Pods are selected: the application's own, or those beside them. */
export function podsOfSubject({
  application,
  beside = false,
}: Pick<Subject, "application" | "beside">): Record<string, string> {
  const { name } = application.metadata;
  return beside ? { [APPLICATION_LABEL]: canaryLabel(name) } : selectorOf(name);
}

/** Labels by which an application's Pods are selected. Never change: a Deployment's selector is immutable. */
export function selectorOf(application: string): Record<string, string> {
  return { [APPLICATION_LABEL]: application };
}

/** Labels of everything that belongs to an application. */
export function labelsOf(application: {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}): Record<string, string> {
  return {
    ...selectorOf(application.metadata.name),
    [SYSTEM_LABEL]: application.metadata.namespace ?? "",
    "app.kubernetes.io/name": application.metadata.name,
    "app.kubernetes.io/managed-by": "jdos",
  };
}
