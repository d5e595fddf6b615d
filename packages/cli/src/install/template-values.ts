import { createHash } from "node:crypto";
import { bytes } from "@jdos/apimachinery";
import type { AccessFiles } from "@jdos/component-base/access-files";
import type { LogKeys } from "./log-access.ts";
import { locationOf } from "./registry.ts";
import type { TemplateValues } from "./template.ts";
import type { Values } from "./values.ts";

/** What an installation knows besides its values. */
export interface Facts {
  /** The platform's image and the base of stacks, by digest. */
  images: { platform: string; base: string };
  administratorToken: string;
  /** Signing secrets of webhooks are made of it. */
  gitServerKey: string;
  /** Images are signed with it: a private key, PEM. */
  signingKey: string;
  signingPublicKey: string;
  /** A docker configuration with the registry's account; "" without one. */
  registryCredentials: string;
  /** A docker configuration with the accounts of mirrors; "" without any. */
  mirrorCredentials: string;
  /** How its Prometheus is logged in to. */
  metricsAccess: AccessFiles;
  /** What collectors give lines with, and what the platform API asks for them with. */
  logKeys: LogKeys;
  /** How the ClickHouse that keeps them is logged in to. */
  clickhouseAccess: AccessFiles;
  /** An address of a node, for routes without a publishAddress. */
  nodeAddress: string;
}

/** HAProxy's port in its Pod, and the load balancer's health; on a node's own network they are the node's. */
const POD_PORT = 8080;
const HEALTH_PORT = 8081;
const NODE_HEALTH_PORT = 18081;
const PEER_PORT = 8082;
const NODE_PEER_PORT = 18082;

/** What the placeholders of manifests/cluster stand for. */
export function templateValues(values: Values, facts: Facts): TemplateValues {
  const { registry, builds, dns, scheduler, replicas } = values;
  const resources = Object.entries(values.resources).map(([part, amount]) => [`resources.${part}`, amount]);
  return {
    replicas,
    image: facts.images.platform,
    baseImage: facts.images.base,
    administratorTokenBase64: base64(facts.administratorToken),
    gitServerKeyBase64: base64(facts.gitServerKey),
    signingKeyBase64: base64(facts.signingKey),
    signingPublicKeyBase64: base64(facts.signingPublicKey),
    "registry.location": registry.location,
    "registry.url": locationOf(registry).url,
    "registry.retention": registry.retention,
    "registry.credentialsBase64": facts.registryCredentials === "" ? "" : base64(facts.registryCredentials),
    "registry.harbor": registry.harbor.url,
    "registry.harbor.projectPrefix": registry.harbor.projectPrefix,
    "registry.harbor.robotDays": registry.harbor.robotDays,
    "registry.harbor.quota": registry.harbor.quota,
    "registry.mirrors": registry.mirrors,
    "registry.mirrorCredentialsBase64": facts.mirrorCredentials === "" ? "" : base64(facts.mirrorCredentials),
    ...loginValues(values),
    ...routeValues(values, facts),
    ...sourceValues(values, facts),
    ...metricsValues(values, facts),
    "images.spread.parallel": values.images.spread.parallel,
    "images.spread.timeoutSeconds": values.images.spread.timeoutSeconds,
    ...logsValues(values, facts),
    "dns.clusterIP": dns.clusterIP,
    "dns.clusterDomain": dns.clusterDomain,
    "scheduler.own": scheduler.provider === "jdos",
    "builds.concurrency": builds.concurrency,
    "builds.baseImageCheckSeconds": builds.baseImageCheckSeconds,
    "builds.cpu": builds.cpu,
    "builds.memory": builds.memory,
    "builds.disk": builds.disk,
    "builds.cachePath": builds.cachePath,
    "builds.nodeSelector": builds.nodeSelector,
    "builds.tolerations": builds.tolerations,
    "builds.confinement": builds.confinement,
    "builds.confined": builds.confined,
    "builds.reach": builds.reach,
    "builds.avoid": builds.avoid,
    "builds.environment": builds.environment,
    ...Object.fromEntries(resources),
  };
}

const SERVICE_ACCOUNT = "system:serviceaccount:";

/** A user is impersonated by name; a service account by the name alone, in any namespace it may be of. */
function loginValues({ login }: Values): TemplateValues {
  const accounts = login.users.filter((name) => name.startsWith(SERVICE_ACCOUNT));
  const users = login.users.filter((name) => name !== "*" && !name.startsWith(SERVICE_ACCOUNT));
  const groups = login.groups.filter((name) => name !== "*");
  const api = { apiGroup: "rbac.authorization.k8s.io" };
  return {
    "login.users": login.users.join(","),
    "login.groups": login.groups.join(","),
    "login.everyUser": login.users.includes("*"),
    "login.everyGroup": login.groups.includes("*"),
    "login.impersonatedUsers": ["jdos:admin", ...users],
    "login.impersonatedGroups": ["jdos:admins", "system:authenticated", ...groups],
    "login.serviceAccounts": accounts.map((name) => name.split(":")[3] ?? ""),
    "login.subjects": [
      ...users.map((name) => ({ ...api, kind: "User", name })),
      ...groups.map((name) => ({ ...api, kind: "Group", name })),
      ...accounts.map((name) => {
        const [, , namespace, account] = name.split(":");
        return { kind: "ServiceAccount", namespace, name: account };
      }),
      ...(login.users.includes("*") ? [{ ...api, kind: "Group", name: "system:authenticated" }] : []),
    ],
  };
}

function routeValues({ routes, loadBalancers }: Values, { nodeAddress }: Facts): TemplateValues {
  const { expose, nodePort, hostPort } = routes;
  const hostNetwork = expose === "HostNetwork";
  const onNodes = hostNetwork || expose === "HostPort";
  const opened = onNodes ? hostPort : expose === "NodePort" ? nodePort : 80;
  const own = routes.provider === "jdos";
  return {
    "routes.ingressClassName": own ? "jdos" : routes.ingressClassName,
    "routes.domain": routes.domain,
    "routes.scheme": routes.scheme,
    "routes.port": routes.port !== 0 ? routes.port : own ? opened : routes.scheme === "https" ? 443 : 80,
    "routes.workload": onNodes ? "DaemonSet" : "Deployment",
    "routes.service": !onNodes,
    "routes.serviceType": expose,
    "routes.nodePort": expose === "NodePort" ? nodePort : 0,
    "routes.hostNetwork": hostNetwork,
    "routes.hostPort": expose === "HostPort" ? hostPort : 0,
    "routes.listenPort": hostNetwork ? hostPort : POD_PORT,
    "routes.healthPort": hostNetwork ? NODE_HEALTH_PORT : HEALTH_PORT,
    "routes.peerPort": hostNetwork ? NODE_PEER_PORT : PEER_PORT,
    "routes.publishService": expose === "LoadBalancer" && routes.publishAddress === "",
    "routes.loadBalancerServices": loadBalancers.provider === "jdos",
    "routes.publishAddress": routes.publishAddress === "" ? nodeAddress : routes.publishAddress,
  };
}

/** The git server stands beside the applications, below the same domain. */
function sourceValues(values: Values, facts: Facts): TemplateValues {
  const { source, routes } = values;
  const port = routeValues(values, facts)["routes.port"] as number;
  const usual = port === (routes.scheme === "https" ? 443 : 80);
  return {
    "source.claim": source.volume === "claim",
    "source.storageClassName": source.storageClassName,
    "source.size": source.size,
    "source.url":
      source.provider === "jdos" ? `${routes.scheme}://git.${routes.domain}${usual ? "" : `:${port}`}` : "",
  };
}

/** Prometheus is to stay well below what its volume has. */
const KEPT_SHARE = 0.8;

function metricsValues({ metrics }: Values, { metricsAccess }: Facts): TemplateValues {
  const { provider, url, retention, volume, storageClassName, size, verifyKubelets } = metrics;
  const own = "http://prometheus.jdos-system.svc:9090";
  return {
    "metrics.url": provider === "jdos" ? own : provider === "prometheus" ? url : "",
    "metrics.access": secretData(metricsAccess),
    "metrics.checksum": checksum([metrics, metricsAccess]),
    "metrics.retention": retention,
    "metrics.retentionBytes": Math.floor(bytes(size) * KEPT_SHARE),
    "metrics.claim": volume === "claim",
    "metrics.storageClassName": storageClassName,
    "metrics.size": size,
    kubeletsUnverified: String(!verifyKubelets),
  };
}

/** The log server's volume has room beside what is kept: what is being written, and SQLite's own files. */
const VOLUME_SHARE = 1.25;
const VOLUME_RESERVE_MEBIBYTES = 512;

function logsValues({ logs, routes }: Values, { logKeys, clickhouseAccess }: Facts): TemplateValues {
  const { provider, days, limit, volume, storageClassName, url, database } = logs;
  const limitBytes = Math.floor(bytes(limit));
  const volumeMebibytes = Math.ceil((limitBytes * VOLUME_SHARE) / 2 ** 20) + VOLUME_RESERVE_MEBIBYTES;
  const onNodes = routes.provider === "jdos" && ["HostPort", "HostNetwork"].includes(routes.expose);
  return {
    "namespace.nodes": provider !== "none" || onNodes,
    "logs.url": provider === "none" ? "" : "http://log-server.jdos-system.svc",
    "logs.own": provider === "jdos",
    "logs.checksum": provider === "none" ? "none" : checksum([logs, logKeys, clickhouseAccess]),
    "logs.days": days,
    "logs.limitBytes": limitBytes,
    "logs.claim": provider === "jdos" && volume === "claim",
    "logs.storageClassName": storageClassName,
    "logs.size": `${volumeMebibytes}Mi`,
    "logs.clickhouse.url": url,
    "logs.clickhouse.database": database,
    "logs.clickhouse.access": secretData(clickhouseAccess),
    "logs.writeKeyBase64": base64(logKeys.write),
    "logs.readKeyBase64": base64(logKeys.read),
  };
}

/** Data of a Secret; "" when there is none. */
function secretData(files: AccessFiles): object | "" {
  const data = Object.entries(files).map(([name, text]) => [name, base64(text)]);
  return data.length === 0 ? "" : Object.fromEntries(data);
}

/** Changes when what it is made of does. */
function checksum(of: unknown): string {
  return createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 16);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
