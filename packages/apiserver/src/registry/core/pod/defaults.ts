import type { Container, PodSpec, PodTemplateSpec, Probe, Volume } from "@jdos/api";
import type { Lifecycle } from "kubernetes-types/core/v1.d.ts";

/** The defaults of a Pod's spec, in place; a Pod itself gets those of pod-only-defaults.ts besides. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= "Always";
  spec.dnsPolicy ??= "ClusterFirst";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.securityContext ??= {};
  spec.schedulerName ??= "default-scheduler";
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
  for (const container of containersOf(spec)) defaultContainer(container, spec.hostNetwork === true);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec !== undefined) defaultPodSpec(template.spec);
}

/** Init containers, containers and ephemeral containers, in this order. */
export function containersOf(spec: PodSpec): Container[] {
  const ephemeral = (spec.ephemeralContainers ?? []) as Container[];
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...ephemeral];
}

function defaultContainer(container: Container, hostNetwork: boolean): void {
  container.imagePullPolicy ??= pullPolicyFor(container.image ?? "");
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.resources ??= {};
  for (const port of container.ports ?? []) {
    port.protocol ??= "TCP";
    if (hostNetwork && !port.hostPort) port.hostPort = port.containerPort;
  }
  for (const env of container.env ?? []) {
    if (env.valueFrom?.fieldRef !== undefined) env.valueFrom.fieldRef.apiVersion ??= "v1";
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHandler(container.lifecycle?.postStart);
  defaultHandler(container.lifecycle?.preStop);
}

/** Always for ":latest" and for no tag, IfNotPresent for any other tag and for a digest. */
export function pullPolicyFor(image: string): "Always" | "IfNotPresent" {
  if (image.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
}

function defaultProbe(probe: Probe | undefined): void {
  if (probe === undefined) return;
  defaultHandler(probe);
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
}

function defaultHandler(handler: Lifecycle["preStop"]): void {
  if (handler?.httpGet === undefined) return;
  handler.httpGet.path ||= "/";
  handler.httpGet.scheme ||= "HTTP";
}

const FILE_MODE = 0o644;

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).every((member) => member === "name")) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= FILE_MODE;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= FILE_MODE;
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= FILE_MODE;
    for (const item of volume.downwardAPI.items ?? []) {
      if (item.fieldRef !== undefined) item.fieldRef.apiVersion ??= "v1";
    }
  }
  if (volume.hostPath !== undefined) volume.hostPath.type ??= "";
  if (volume.projected !== undefined) defaultProjected(volume.projected);
}

function defaultProjected(projected: NonNullable<Volume["projected"]>): void {
  projected.defaultMode ??= FILE_MODE;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
    for (const item of source.downwardAPI?.items ?? []) {
      if (item.fieldRef !== undefined) item.fieldRef.apiVersion ??= "v1";
    }
  }
}

/** What a Pod gets and a template does not: service links, and requests where only limits are given. */
export function defaultPodOnly(spec: PodSpec): void {
  spec.enableServiceLinks ??= true;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const limits = container.resources?.limits;
    if (limits === undefined) continue;
    container.resources = {
      ...container.resources,
      requests: { ...limits, ...container.resources?.requests },
    };
  }
}
