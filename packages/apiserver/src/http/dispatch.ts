import { StatusError } from "@jdos/apimachinery";
import { authorize } from "../authorization/authorize.ts";
import type { Core } from "../registry/call.ts";
import { failure, statusErrorOf } from "./answer.ts";
import { callOf, flag, type ResourceCall } from "./call-of.ts";
import { handleDiscovery } from "./discovery/handle.ts";
import type { VERBS } from "./discovery/resources.ts";
import { handleHealth } from "./paths/health.ts";
import { handleIndex } from "./paths/index-page.ts";
import { handleVersion } from "./paths/version.ts";
import { type ResourceRequest, recognise } from "./recognise.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";
import { handleCreate } from "./verbs/create.ts";
import { handleDelete } from "./verbs/delete.ts";
import { handleDeleteCollection } from "./verbs/delete-collection.ts";
import { handleGet } from "./verbs/get.ts";
import { handleList } from "./verbs/list.ts";
import { handlePatch } from "./verbs/patch.ts";
import { handleUpdate } from "./verbs/update.ts";
import { handleWatch } from "./verbs/watch.ts";

type Handler = (core: Core, call: ResourceCall) => Promise<ApiResponse>;

/** Answers of paths and subresources that are not the registry's own: openapi, metrics, logs, proxies. */
export interface Extensions {
  /** undefined: the path is not theirs. */
  path(request: ApiRequest): Promise<ApiResponse> | undefined;
  subresource(call: ResourceCall): Promise<ApiResponse> | undefined;
}

/** Answers a request; a refusal is an answer too. */
export async function dispatch(
  core: Core,
  request: ApiRequest,
  extensions: Extensions,
): Promise<ApiResponse> {
  try {
    const info = recognise(request.path);
    return await (info.kind === "resource"
      ? handleResource(core, request, { info, extensions })
      : handlePath(core, request, extensions));
  } catch (error) {
    return failure(statusErrorOf(error));
  }
}

async function handleResource(
  core: Core,
  request: ApiRequest,
  { info, extensions }: { info: ResourceRequest; extensions: Extensions },
): Promise<ApiResponse> {
  const call = servedCall(core, request, info);
  const extension = call.call.subresource === undefined ? undefined : extensions.subresource(call);
  if (extension !== undefined) return extension;
  const verb = verbOf(request, info);
  if (call.call.endpoint.review !== undefined && verb !== "create") throw notAllowed();
  return HANDLERS[verb](core, call);
}

/** Whoever may not ask is not told what is served. */
function servedCall(core: Core, request: ApiRequest, info: ResourceRequest): ResourceCall {
  try {
    return callOf(core, request, info);
  } catch (error) {
    const { group, version, resource, subresource, namespace, name } = info;
    authorize(core.authorizer, {
      user: request.user,
      verb: verbOf(request, info),
      group,
      version,
      resource,
      ...(subresource === undefined ? {} : { subresource }),
      namespace,
      name,
    });
    throw error;
  }
}

const HANDLERS: Readonly<Record<(typeof VERBS)[number], Handler>> = {
  create: handleCreate,
  delete: handleDelete,
  deletecollection: handleDeleteCollection,
  get: handleGet,
  list: handleList,
  patch: handlePatch,
  update: handleUpdate,
  watch: handleWatch,
};

function verbOf(
  { method, query }: ApiRequest,
  { name, subresource, watch }: ResourceRequest,
): (typeof VERBS)[number] {
  const collection = name === "";
  switch (method) {
    case "GET":
    case "HEAD":
      if (watch || (collection && flag(query, "watch") === true)) return "watch";
      return collection ? "list" : "get";
    case "POST":
      if (!collection && subresource === undefined) throw notAllowed();
      return "create";
    case "PUT":
      if (collection) throw notAllowed();
      return "update";
    case "PATCH":
      if (collection) throw notAllowed();
      return "patch";
    case "DELETE":
      return collection ? "deletecollection" : "delete";
    default:
      throw notAllowed();
  }
}

async function handlePath(core: Core, request: ApiRequest, extensions: Extensions): Promise<ApiResponse> {
  const path = decodePath(request.path);
  authorize(core.authorizer, {
    user: request.user,
    verb: request.method === "HEAD" ? "get" : request.method.toLowerCase(),
    path,
  });
  const extension = extensions.path(request);
  if (extension !== undefined) return extension;
  const root = path.split("/")[1];
  if (!["", "api", "apis", "version", "healthz", "livez", "readyz"].includes(root ?? "")) throw unknownPath();
  if (request.method !== "GET" && request.method !== "HEAD") throw notAllowed();
  if (root === "api" || root === "apis") return handleDiscovery(core, request);
  if (root === "version") return handleVersion();
  return root === "" ? handleIndex(core) : handleHealth(request);
}

function decodePath(path: string): string {
  try {
    return decodeURI(path);
  } catch (error) {
    throw new StatusError("BadRequest", `the path "${path}" is not percent-encoded well`, { cause: error });
  }
}

function notAllowed(): StatusError {
  return new StatusError(
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    { details: {} },
  );
}

function unknownPath(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource", { details: {} });
}
