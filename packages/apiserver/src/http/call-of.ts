import { StatusError } from "@jdos/apimachinery";
import type { Call, Core, WriteCallOptions } from "../registry/call.ts";
import type { ResourceRequest } from "./recognise.ts";
import type { ApiRequest } from "./request.ts";

/** A request to a resource that is served, with the warnings gathered on the way. */
export interface ResourceCall {
  readonly request: ApiRequest;
  readonly call: Call;
  readonly warnings: string[];
  readonly rest: string;
}

/** @throws StatusError NotFound when there is no such resource or subresource, or it does not stand there */
export function callOf(core: Core, request: ApiRequest, info: ResourceRequest): ResourceCall {
  const endpoint = core.catalog.find(info);
  if (endpoint === undefined) throw unknownResource();
  if (!endpoint.type.namespaced && info.inNamespace) throw unknownResource();
  if (endpoint.type.namespaced && !info.inNamespace && info.name !== "") throw unknownResource();
  const known =
    info.subresource === undefined ||
    endpoint.strategy.subresources.some(({ name }) => name === info.subresource);
  if (!known) throw unknownResource();
  const warnings: string[] = [];
  const call: Call = {
    user: request.user,
    endpoint,
    namespace: info.namespace,
    name: info.name,
    ...(info.subresource === undefined ? {} : { subresource: info.subresource }),
    warn: (message) => {
      if (!warnings.includes(message)) warnings.push(message);
    },
  };
  return { request, call, warnings, rest: info.rest };
}

export function unknownResource(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource", { details: {} });
}

/** dryRun, fieldManager, fieldValidation. */
export function writeOptions({ query, headers }: ApiRequest): WriteCallOptions {
  const options: WriteCallOptions = {};
  const agent = headers["user-agent"]?.split("/", 1)[0];
  if (agent !== undefined && agent !== "") options.agent = agent;
  if (isDryRun(query.getAll("dryRun"))) options.dryRun = true;
  const fieldManager = query.get("fieldManager");
  if (fieldManager !== null && fieldManager !== "") options.fieldManager = fieldManager;
  const fieldValidation = query.get("fieldValidation");
  if (fieldValidation !== null && fieldValidation !== "") {
    if (fieldValidation !== "Ignore" && fieldValidation !== "Warn" && fieldValidation !== "Strict") {
      throw new StatusError(
        "Invalid",
        `fieldValidation: Unsupported value: "${fieldValidation}": supported values: "Ignore", "Strict", "Warn"`,
      );
    }
    options.fieldValidation = fieldValidation;
  }
  return options;
}

export function isDryRun(values: readonly string[]): boolean {
  for (const value of values) {
    if (value !== "All" && value !== "")
      throw new StatusError("Invalid", `dryRun: Unsupported value: "${value}": supported values: "All"`);
  }
  return values.includes("All");
}

/** A whole number in the query; undefined when it is left out. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new StatusError("BadRequest", `Invalid value: "${text}": ${name} must be a non-negative integer`);
  return value;
}

/** true, 1 or nothing at all after the name. */
export function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return text !== "false" && text !== "0";
}
