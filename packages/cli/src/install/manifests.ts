import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KubeObject } from "@jdos/apimachinery";
import { CLUSTER_MANIFESTS, MANIFESTS } from "./places.ts";
import { renderTemplate } from "./template.ts";
import { type Facts, templateValues } from "./template-values.ts";
import type { Values } from "./values.ts";

/** The stages of an install in their order, and the objects of each. */
export interface Stages {
  definitions: KubeObject[];
  namespace: KubeObject[];
  rights: KubeObject[];
  parts: KubeObject[];
}

/** What an installation consists of by its values. */
export async function renderManifests(values: Values, facts: Facts): Promise<Stages> {
  const placeholders = templateValues(values, facts);
  const read = async (file: string): Promise<KubeObject[]> =>
    renderTemplate(await readFile(file, "utf8"), { file, values: placeholders });
  const all = (files: readonly string[]) => Promise.all(files.map(read)).then((lists) => lists.flat());
  const definitions = (await readdir(join(MANIFESTS, "crds")))
    .filter((file) => file.endsWith(".yaml"))
    .sort();
  const rendered = [
    ...(await all(sharedFiles(values).map((file) => join(MANIFESTS, file)))),
    ...(await all(clusterFiles(values, facts).map((file) => join(CLUSTER_MANIFESTS, file)))),
  ];
  return {
    definitions: await all(definitions.map((file) => join(MANIFESTS, "crds", file))),
    namespace: await read(join(CLUSTER_MANIFESTS, "namespace.yaml")),
    rights: rendered.filter(isRight),
    parts: rendered.filter((object) => !isRight(object)),
  };
}

/** Shared with one machine. */
function sharedFiles({ routes, source, metrics }: Values): string[] {
  return [
    "platform-roles.yaml",
    "platform-controllers-rbac.yaml",
    "platform-api-rbac.yaml",
    "build-priority.yaml",
    "image-signing.yaml",
    ...(routes.provider === "jdos" ? ["load-balancer-rbac.yaml"] : []),
    ...(source.provider === "jdos" ? ["git-server-rbac.yaml"] : []),
    ...(metrics.provider === "jdos" ? ["metrics-rbac.yaml", "metrics-config.yaml"] : []),
  ];
}

function clusterFiles(
  { routes, scheduler, dns, source, metrics, logs }: Values,
  { registryCredentials, mirrorCredentials, metricsAccess, clickhouseAccess }: Facts,
): string[] {
  return [
    "persons.yaml",
    "build-environment.yaml",
    "image-signing-key.yaml",
    ...(registryCredentials === "" ? [] : ["registry-credentials.yaml"]),
    ...(mirrorCredentials === "" ? [] : ["mirror-credentials.yaml"]),
    "platform-controllers.yaml",
    "platform-api.yaml",
    ...(Object.keys(metricsAccess).length === 0 ? [] : ["metrics-access.yaml"]),
    ...(metrics.provider === "jdos" ? ["metrics.yaml"] : []),
    ...(logs.provider === "none" ? [] : ["log-server-keys.yaml", "log-server.yaml", "log-collector.yaml"]),
    ...(Object.keys(clickhouseAccess).length === 0 ? [] : ["clickhouse-access.yaml"]),
    ...(routes.provider === "jdos" ? ["load-balancer.yaml"] : []),
    ...(source.provider === "jdos" ? ["git-server-keys.yaml", "git-server.yaml"] : []),
    ...(scheduler.provider === "jdos" ? ["scheduler.yaml"] : []),
    ...(dns.provider === "jdos" ? ["dns.yaml"] : []),
  ];
}

function isRight({ apiVersion, kind }: KubeObject): boolean {
  return kind === "ServiceAccount" || (apiVersion ?? "").startsWith("rbac.authorization.k8s.io/");
}
