import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
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
  | "scheduler"
  | "dns";

/** The settings of an installation: manifests/cluster/values.yaml says each with its default. */
export interface Values {
  registry: { location: string; url: string; credentialsFile: string; retention: "jdos" | "registry" };
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
  loadBalancers: { provider: "cluster" | "jdos" };
  dns: { provider: "cluster" | "jdos"; clusterIP: string; clusterDomain: string };
  scheduler: { provider: "cluster" | "jdos" };
  source: {
    provider: "jdos" | "none";
    volume: "claim" | "emptyDir";
    storageClassName: string;
    size: string;
  };
  builds: {
    concurrency: number;
    cpu: string;
    memory: string;
    disk: string;
    cachePath: string;
    nodeSelector: Record<string, string>;
    tolerations: object[];
    confinement: "default" | "unconfined";
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
  if (given.file !== undefined && values.registry.credentialsFile !== "")
    values.registry.credentialsFile = resolve(dirname(given.file), values.registry.credentialsFile);
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
function requireTogether({ registry, routes, loadBalancers, dns }: Values): void {
  if (registry.location === "")
    throw invalid(
      "registry.location",
      "it is missing",
      "Give --registry HOST/PATH, or the setting in --values FILE",
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
  if (dns.provider === "jdos" && dns.clusterIP === "")
    throw invalid(
      "dns.clusterIP",
      'it is missing, and dns.provider is "jdos"',
      "Name a free address of the cluster's service range; kubelets are given it as clusterDNS",
    );
}

function merge(base: unknown, over: unknown): unknown {
  if (!isMapping(base) || !isMapping(over)) return over === undefined ? base : over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(base[key], over[key])]));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
