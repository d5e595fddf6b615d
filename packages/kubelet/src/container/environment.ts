import type { EnvVar } from "@jdos/api";
import { type DeepReadonly, StatusError } from "@jdos/apimachinery";
import { KubeletError } from "../errors.ts";
import { type ContainerSpec, namespaceOf, type PodObject, specOf } from "../pod/pod.ts";
import { expand } from "./expand.ts";
import { fieldValue, type PodPlace, resourceValue } from "./field-ref.ts";
import type { ObjectSource } from "./object-source.ts";
import { type ServiceSource, serviceEnvironment } from "./service-env.ts";

export interface EnvironmentSources {
  objects: ObjectSource;
  services: ServiceSource;
  place: PodPlace;
}

/**
 * A container's variables. Later ones see earlier ones as $(NAME); `env` wins over `envFrom`, both over the
 * Services' variables. Throws CreateContainerConfigError when something it needs is not there.
 */
export async function containerEnvironment(
  pod: PodObject,
  container: ContainerSpec,
  sources: EnvironmentSources,
): Promise<Map<string, string>> {
  const services = serviceEnvironment(
    sources.services,
    namespaceOf(pod),
    specOf(pod).enableServiceLinks ?? true,
  );
  const result = new Map<string, string>();
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of await envFrom(pod, source, sources.objects)) {
      if (isVariableName(key)) result.set(key, value);
    }
  }
  const lookup = (name: string) => result.get(name) ?? services[name];
  for (const variable of container.env ?? []) {
    const value =
      variable.valueFrom === undefined
        ? expand(variable.value ?? "", lookup)
        : await valueFrom(pod, container, variable, sources);
    if (value !== undefined) result.set(variable.name, value);
  }
  for (const [name, value] of Object.entries(services)) if (!result.has(name)) result.set(name, value);
  return result;
}

type EnvFromSource = NonNullable<ContainerSpec["envFrom"]>[number];

async function envFrom(
  pod: PodObject,
  source: EnvFromSource,
  objects: ObjectSource,
): Promise<[string, string][]> {
  const prefix = source.prefix ?? "";
  const entries: [string, string][] = [];
  if (source.configMapRef !== undefined) {
    const { name = "", optional } = source.configMapRef;
    const found = await orMissing(`configmap "${name}"`, optional, () =>
      objects.configMap(namespaceOf(pod), name),
    );
    for (const [key, value] of Object.entries(found?.data ?? {})) entries.push([prefix + key, value]);
  }
  if (source.secretRef !== undefined) {
    const { name = "", optional } = source.secretRef;
    const found = await orMissing(`secret "${name}"`, optional, () => objects.secret(namespaceOf(pod), name));
    for (const [key, value] of Object.entries(found?.data ?? {})) entries.push([prefix + key, decode(value)]);
  }
  return entries;
}

async function valueFrom(
  pod: PodObject,
  container: ContainerSpec,
  variable: DeepReadonly<EnvVar>,
  { objects, place }: EnvironmentSources,
): Promise<string | undefined> {
  const from = variable.valueFrom!;
  const namespace = namespaceOf(pod);
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef.fieldPath, place);
  if (from.resourceFieldRef !== undefined) return resourceValue(pod, container, from.resourceFieldRef, place);
  if (from.configMapKeyRef !== undefined) {
    const { name = "", key, optional } = from.configMapKeyRef;
    const found = await orMissing(`configmap "${name}"`, optional, () => objects.configMap(namespace, name));
    if (found === undefined) return undefined;
    return keyOf(found.data?.[key], `couldn't find key ${key} in ConfigMap ${namespace}/${name}`, optional);
  }
  if (from.secretKeyRef !== undefined) {
    const { name = "", key, optional } = from.secretKeyRef;
    const found = await orMissing(`secret "${name}"`, optional, () => objects.secret(namespace, name));
    if (found === undefined) return undefined;
    const value = keyOf(
      found.data?.[key],
      `couldn't find key ${key} in Secret ${namespace}/${name}`,
      optional,
    );
    return value === undefined ? undefined : decode(value);
  }
  throw configError(`environment variable "${variable.name}" has a source that is not supported`);
}

/** The object, or undefined when it is optional and not there. */
async function orMissing<T>(
  what: string,
  optional: boolean | undefined,
  get: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "NotFound") throw error;
    if (optional === true) return undefined;
    throw configError(`${what} not found`, error);
  }
}

function keyOf(
  value: string | undefined,
  message: string,
  optional: boolean | undefined,
): string | undefined {
  if (value === undefined && optional !== true) throw configError(message);
  return value;
}

function configError(message: string, cause?: unknown): KubeletError {
  return new KubeletError("CreateContainerConfigError", message, {
    hint: "Create what the container refers to, or mark the reference optional",
    cause,
  });
}

function isVariableName(name: string): boolean {
  return name !== "" && !/[=\0]/.test(name) && !/^\d/.test(name);
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}
