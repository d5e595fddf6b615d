import { readFile } from "node:fs/promises";
import { isIP, isIPv6 } from "node:net";
import { dirname, join, resolve } from "node:path";
import { bytes } from "@jdos/apimachinery";
import { Ajv, type ErrorObject } from "ajv";
import { parse } from "yaml";
import { CliError } from "../errors.ts";
import { CLUSTER_MANIFESTS } from "./places.ts";

type Amount = Partial<Record<"cpu" | "memory", string>>;
type Part =
  | "platform-api"
  | "platform-controllers"
  | "git-server"
  | "load-balancer"
  | "haproxy"
  | "prometheus"
  | "metrics"
  | "log-server"
  | "log-collector"
  | "scheduler"
  | "dns";

/** The settings of an installation: manifests/cluster/values.yaml says each with its default. */
export interface Values {
  registry: {
    location: string;
    url: string;
    credentialsFile: string;
    retention: "jdos" | "registry";
    mirrors: Record<string, string>;
    mirrorCredentialsFile: string;
    harbor: { url: string; projectPrefix: string; robotDays: number; quota: "none" | "system" };
  };
  login: { users: string[]; groups: string[] };
  routes: {
    provider: "jdos" | "cluster";
    ingressClassName: string;
    domain: string;
    port: number;
    scheme: "http" | "https";
    expose: "NodePort" | "LoadBalancer" | "HostPort" | "HostNetwork";
    nodePort: number;
    hostPort: number;
    publishAddress: string;
  };
  images: { spread: { parallel: number; timeoutSeconds: number } };
  loadBalancers: { provider: "cluster" | "jdos" };
  dns: { provider: "cluster" | "jdos"; clusterIP: string; clusterDomain: string };
  scheduler: { provider: "cluster" | "jdos" };
  source: {
    provider: "jdos" | "none";
    volume: "claim" | "emptyDir";
    storageClassName: string;
    size: string;
  };
  metrics: {
    provider: "jdos" | "prometheus" | "none";
    url: string;
    tokenFile: string;
    basicAuthFile: string;
    caFile: string;
    retention: string;
    volume: "claim" | "emptyDir";
    storageClassName: string;
    size: string;
    verifyKubelets: boolean;
  };
  logs: {
    provider: "jdos" | "clickhouse" | "none";
    days: number;
    limit: string;
    volume: "claim" | "emptyDir";
    storageClassName: string;
    url: string;
    database: string;
    credentialsFile: string;
    caFile: string;
  };
  builds: {
    concurrency: number;
    baseImageCheckSeconds: number;
    cpu: string;
    memory: string;
    disk: string;
    cachePath: string;
    nodeSelector: Record<string, string>;
    tolerations: object[];
    confinement: "default" | "unconfined";
    confined: boolean;
    reach: (string | object)[];
    avoid: string[];
    environment: Record<string, string>;
  };
  replicas: number;
  resources: Record<Part, { requests?: Amount; limits?: Amount }>;
}

export interface GivenValues {
  /** A YAML file with what differs from the defaults. */
  file?: string | undefined;
  /** What the command line says; it goes before the file. */
  registry?: string | undefined;
  registryUrl?: string | undefined;
  credentialsFile?: string | undefined;
}

/** Reads the values of an installation. @throws CliError ValuesInvalid with the field and what it may be */
export async function readValues(given: GivenValues): Promise<Values> {
  const own = given.file === undefined ? {} : await readYaml(given.file);
  return completeValues(own, given);
}

/** Values with their defaults, checked. */
export async function completeValues(
  own: object,
  given: Omit<GivenValues, "file"> & { file?: string | undefined },
) {
  await check(own);
  const defaults = await readYaml(join(CLUSTER_MANIFESTS, "values.yaml"));
  const values = merge(defaults, own) as unknown as Values;
  if (given.file !== undefined) {
    const beside = (path: string): string => (path === "" ? "" : resolve(dirname(given.file!), path));
    for (const name of ["credentialsFile", "mirrorCredentialsFile"] as const)
      values.registry[name] = beside(values.registry[name]);
    for (const name of ["tokenFile", "basicAuthFile", "caFile"] as const)
      values.metrics[name] = beside(values.metrics[name]);
    for (const name of ["credentialsFile", "caFile"] as const) values.logs[name] = beside(values.logs[name]);
  }
  values.registry.location = given.registry ?? values.registry.location;
  values.registry.url = given.registryUrl ?? values.registry.url;
  if (given.credentialsFile !== undefined) values.registry.credentialsFile = resolve(given.credentialsFile);
  await check(values);
  requireTogether(values);
  return values;
}

async function readYaml(file: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = parse(await readFile(file, "utf8"));
    if (value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new Error("it is not a mapping");
  } catch (cause) {
    throw new CliError(
      "ValuesInvalid",
      `Cannot read values "${file}": ${cause instanceof Error ? cause.message : cause}`,
      { hint: "See manifests/cluster/values.yaml for how it looks", cause },
    );
  }
}

async function check(values: object): Promise<void> {
  const schema = JSON.parse(await readFile(join(CLUSTER_MANIFESTS, "values.schema.json"), "utf8")) as object;
  const validate = new Ajv({ allErrors: false, verbose: true }).compile(schema);
  if (validate(values)) return;
  const error = validate.errors!.find(({ keyword }) => keyword !== "if") ?? validate.errors![0]!;
  throw refusalOf(error);
}

function refusalOf({ keyword, instancePath, params, message, parentSchema, data }: ErrorObject): CliError {
  const path = instancePath.slice(1).replaceAll("/", ".").replaceAll("~1", "/");
  const { description, properties } = (parentSchema ?? {}) as { description?: string; properties?: object };
  if (keyword === "additionalProperties") {
    const field = [path, String(params.additionalProperty)].filter((part) => part !== "").join(".");
    return invalid(field, "there is no such setting", `One of: ${Object.keys(properties ?? {}).join(", ")}`);
  }
  if (keyword === "not") return invalid(path, description ?? "it cannot be set", "Leave it out");
  if (keyword === "enum")
    return invalid(path, `"${String(data)}" is not a choice`, `One of: ${params.allowedValues.join(", ")}`);
  if (keyword === "pattern")
    return invalid(
      path,
      `${JSON.stringify(data)} is not of its form`,
      `It is ${description ?? params.pattern}`,
    );
  const hint = description ?? "See manifests/cluster/values.yaml";
  return invalid(path, `${JSON.stringify(data)} ${message}`, `It is ${hint}`);
}

export function invalid(field: string, state: string, hint: string): CliError {
  return new CliError("ValuesInvalid", `Cannot use values: ${field}: ${state}`, { hint });
}

/** What one setting asks of another. */
function requireTogether({ registry, routes, loadBalancers, dns, builds, metrics, logs }: Values): void {
  const ranges = [...builds.reach.filter((each) => typeof each === "string"), ...builds.avoid];
  const wrong = ranges.find((range) => !isRange(range));
  if (wrong !== undefined)
    throw invalid("builds", `"${wrong}" is no range of addresses`, "It is a range, as 10.1.2.0/24");
  if (registry.location === "")
    throw invalid(
      "registry.location",
      "it is missing",
      "Give --registry HOST/PATH, or the setting in --values FILE",
    );
  if (
    registry.harbor.url === "" &&
    (registry.harbor.projectPrefix !== "" || registry.harbor.quota !== "none")
  )
    throw invalid(
      "registry.harbor.url",
      "it is missing, and there are settings of Harbor",
      "Give Harbor's address: https://HOST[:PORT]",
    );
  if (routes.provider === "cluster" && routes.ingressClassName === "")
    throw invalid(
      "routes.ingressClassName",
      'it is missing, and routes.provider is "cluster"',
      "Name the class of the cluster's Ingress controller: kubectl get ingressclasses",
    );
  if (routes.expose === "HostNetwork" && routes.hostPort < 1024)
    throw invalid(
      "routes.hostPort",
      `${routes.hostPort} is below 1024, and HAProxy has no privilege on a node's own network`,
      "Take a port from 1024 on, or routes.expose: HostPort",
    );
  if (loadBalancers.provider === "jdos" && (routes.provider !== "jdos" || routes.expose !== "HostNetwork"))
    throw invalid(
      "loadBalancers.provider",
      routes.provider === "jdos"
        ? `it is "jdos", and with routes.expose "${routes.expose}" HAProxy can listen at no ports of nodes but its own`
        : 'it is "jdos", and with routes.provider "cluster" no HAProxy runs',
      "Take routes.provider: jdos with routes.expose: HostNetwork, or loadBalancers.provider: cluster",
    );
  requireMetricsTogether(metrics);
  requireLogsTogether(logs);
  if (dns.provider === "jdos" && dns.clusterIP === "")
    throw invalid(
      "dns.clusterIP",
      'it is missing, and dns.provider is "jdos"',
      "Name a free address of the cluster's service range; kubelets are given it as clusterDNS",
    );
}

function requireMetricsTogether({ provider, url, tokenFile, basicAuthFile }: Values["metrics"]): void {
  if (provider === "prometheus" && url === "")
    throw invalid(
      "metrics.url",
      'it is missing, and metrics.provider is "prometheus"',
      "Name its address, as http://prometheus.monitoring.svc:9090, or take metrics.provider: jdos",
    );
  if (provider !== "prometheus" && url !== "")
    throw invalid(
      "metrics.url",
      `it is "${url}", and metrics.provider "${provider}" asks no other server`,
      "Take metrics.provider: prometheus, or leave the address out",
    );
  if (tokenFile !== "" && basicAuthFile !== "")
    throw invalid("metrics.tokenFile", "metrics.basicAuthFile is given, too", "Give one of them");
}

const MIN_LOG_LIMIT = "64Mi";

function requireLogsTogether({ provider, url, limit }: Values["logs"]): void {
  if (bytes(limit) < bytes(MIN_LOG_LIMIT))
    throw invalid(
      "logs.limit",
      `"${limit}" is less than ${MIN_LOG_LIMIT}`,
      "Take more, or logs.provider: none",
    );
  if (provider === "clickhouse" && url === "")
    throw invalid(
      "logs.url",
      'it is missing, and logs.provider is "clickhouse"',
      "Name its HTTP interface, as http://clickhouse.logging.svc:8123, or take logs.provider: jdos",
    );
  if (provider !== "clickhouse" && url !== "")
    throw invalid(
      "logs.url",
      `it is "${url}", and logs.provider "${provider}" asks no ClickHouse`,
      "Take logs.provider: clickhouse, or leave the address out",
    );
}

function isRange(text: string): boolean {
  const [address = "", prefix] = text.split("/");
  return isIP(address) !== 0 && Number(prefix) <= (isIPv6(address) ? 128 : 32);
}

function merge(base: unknown, over: unknown): unknown {
  if (!isMapping(base) || !isMapping(over)) return over === undefined ? base : over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(base[key], over[key])]));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
