import { resourcePath } from "@jdos/apimachinery";
import type { Endpoint } from "../registry/catalog.ts";
import type { Subresource } from "../registry/strategy.ts";
import { customDefinitionName } from "./custom.ts";
import { definitionName } from "./declarations.ts";
import { type OpenApiVersion, referenceTo } from "./emit.ts";

type Operation = Record<string, unknown>;
type PathItem = Record<string, unknown>;

interface Naming {
  version: OpenApiVersion;
  endpoint: Endpoint;
}

/** The paths of one resource with their operations, as clients look for them. */
export function pathsOf(endpoint: Endpoint, version: OpenApiVersion): Record<string, PathItem> {
  const { type, strategy } = endpoint;
  const naming = { version, endpoint };
  const place = type.namespaced ? { namespace: "{namespace}" } : {};
  const decoded = (path: string): string => path.replace(/%7B/g, "{").replace(/%7D/g, "}");
  const paths: Record<string, PathItem> = {};
  if (endpoint.review !== undefined) {
    paths[decoded(resourcePath(type, place))] = {
      post: operation(naming, "post", {}),
      parameters: parametersIn(place, version),
    };
    return paths;
  }
  const object = { ...place, name: "{name}" };
  if (type.namespaced) {
    paths[resourcePath(type)] = { get: operation(naming, "list", { all: true }), parameters: [] };
  }
  paths[decoded(resourcePath(type, place))] = {
    get: operation(naming, "list", {}),
    post: operation(naming, "post", {}),
    delete: operation(naming, "deletecollection", {}),
    parameters: parametersIn(place, version),
  };
  paths[decoded(resourcePath(type, object))] = {
    get: operation(naming, "get", {}),
    put: operation(naming, "put", {}),
    patch: operation(naming, "patch", {}),
    delete: operation(naming, "delete", {}),
    parameters: parametersIn(object, version),
  };
  for (const subresource of strategy.subresources) {
    const path = decoded(resourcePath(type, { ...object, subresource: subresource.name }));
    paths[path] = {
      ...subresourceOperations(naming, subresource),
      parameters: parametersIn(object, version),
    };
  }
  return paths;
}

const METHODS: Readonly<Record<string, string>> = {
  get: "get",
  update: "put",
  patch: "patch",
  create: "post",
  delete: "delete",
};

function subresourceOperations(naming: Naming, subresource: Subresource): PathItem {
  const verbs = subresource.verbs.filter((verb) => METHODS[verb] !== undefined);
  return Object.fromEntries(
    verbs.map((verb) => {
      const method = METHODS[verb]!;
      return [method, operation(naming, method, { subresource })];
    }),
  );
}

interface Variant {
  all?: boolean;
  subresource?: Subresource;
}

const WRITES = ["post", "put", "patch"];

function operation({ version, endpoint }: Naming, action: string, { all, subresource }: Variant): Operation {
  const { type, strategy } = endpoint;
  const kind = {
    group: subresource?.kind === undefined ? type.group : (subresource.group ?? type.group),
    kind: subresource?.kind ?? type.kind,
    version: subresource?.kind === undefined ? type.version : (subresource.version ?? type.version),
  };
  const sub = subresource === undefined ? "" : capital(subresource.name);
  const scope = type.namespaced && all !== true ? "Namespaced" : "";
  const word = WORDS[action] ?? action;
  const id = `${word}${capital(groupWord(type.group))}${capital(type.version)}${scope}${type.kind}${sub}${all ? "ForAllNamespaces" : ""}`;
  const parameters = [
    ...queryParameters(action, version),
    ...(WRITES.includes(action) ? bodyParameter(version) : []),
  ];
  return {
    description: describe(action, type.kind, subresource?.name),
    operationId: id,
    tags: [`${groupWord(type.group)}_${type.version}`],
    ...(version === 2
      ? { consumes: consumes(action, strategy.custom !== undefined), produces: PRODUCES, schemes: ["https"] }
      : {}),
    parameters,
    ...(version === 3 && WRITES.includes(action)
      ? { requestBody: requestBody(action, strategy.custom !== undefined) }
      : {}),
    responses: responses(action, endpoint, { version, subresource }),
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kind,
  };
}

const WORDS: Readonly<Record<string, string>> = {
  get: "read",
  list: "list",
  post: "create",
  put: "replace",
  patch: "patch",
  delete: "delete",
  deletecollection: "deleteCollection",
};

function describe(action: string, kind: string, subresource: string | undefined): string {
  const what = subresource === undefined ? kind : `${subresource} of ${kind}`;
  return `${WORDS[action] ?? action} ${action === "list" ? "objects of kind" : "the specified"} ${what}`;
}

function groupWord(group: string): string {
  return group === "" ? "core" : (group.split(".")[0] ?? group);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const PRODUCES = ["application/json", "application/yaml"];
const PATCHES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** Clients read here which patches a resource takes: custom ones know no strategic merge. */
function consumes(action: string, custom: boolean): string[] {
  if (action !== "patch") return ["*/*"];
  return custom ? PATCHES.filter((type) => !type.includes("strategic")) : PATCHES;
}

function requestBody(action: string, custom: boolean): unknown {
  const types = consumes(action, custom);
  return {
    required: true,
    content: Object.fromEntries(types.map((type) => [type, { schema: { type: "object" } }])),
  };
}

function bodyParameter(version: OpenApiVersion): unknown[] {
  return version === 2 ? [{ name: "body", in: "body", required: true, schema: { type: "object" } }] : [];
}

const LISTING = [
  "allowWatchBookmarks",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "timeoutSeconds",
  "watch",
];
const TYPES: Readonly<Record<string, string>> = {
  allowWatchBookmarks: "boolean",
  force: "boolean",
  gracePeriodSeconds: "integer",
  limit: "integer",
  sendInitialEvents: "boolean",
  timeoutSeconds: "integer",
  watch: "boolean",
};

function queryNames(action: string): readonly string[] {
  switch (action) {
    case "list":
      return ["pretty", ...LISTING];
    case "post":
    case "put":
      return ["pretty", "dryRun", "fieldManager", "fieldValidation"];
    case "patch":
      return ["pretty", "dryRun", "fieldManager", "fieldValidation", "force"];
    case "delete":
    case "deletecollection":
      return ["pretty", "dryRun", "gracePeriodSeconds", "propagationPolicy"];
    default:
      return ["pretty"];
  }
}

function queryParameters(action: string, version: OpenApiVersion): unknown[] {
  return queryNames(action).map((name) => parameter(name, "query", version));
}

function parametersIn(place: object, version: OpenApiVersion): unknown[] {
  return Object.keys(place).map((name) => parameter(name, "path", version));
}

function parameter(name: string, where: "path" | "query", version: OpenApiVersion): unknown {
  const type = TYPES[name] ?? "string";
  const base = { name, in: where, ...(where === "path" ? { required: true } : {}) };
  return version === 2
    ? { ...base, type, uniqueItems: true }
    : { ...base, schema: { type, uniqueItems: true } };
}

interface ResponseOptions {
  version: OpenApiVersion;
  subresource: Subresource | undefined;
}

function responses(action: string, endpoint: Endpoint, { version, subresource }: ResponseOptions): unknown {
  const { type, strategy } = endpoint;
  const own =
    strategy.custom === undefined
      ? definitionName(type.group, type.version, type.kind)
      : customDefinitionName(type);
  const status = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
  const named = subresource?.kind === undefined ? own : undefined;
  const name = action === "list" ? `${own}List` : action.startsWith("delete") ? status : named;
  const schema = name === undefined ? { type: "object" } : { $ref: referenceTo(name, version) };
  const ok =
    version === 2
      ? { description: "OK", schema }
      : { description: "OK", content: { "application/json": { schema } } };
  return { "200": ok, "401": { description: "Unauthorized" } };
}
