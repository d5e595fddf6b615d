import { apiVersionOf, notFound } from "@jdos/apimachinery";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import { type Call, type Core, keyOfCall } from "./call.ts";
import type { Endpoint } from "./catalog.ts";

/** Reads one object. */
export function get(core: Core, call: Call): StoredObject {
  authorizeCall(core, call, "get");
  const object = core.store.get(keyOfCall(call));
  if (object === undefined) throw notFound(call.endpoint.type, call.name);
  return present(call.endpoint, object);
}

/** The object in the version of the endpoint; the versions of a resource differ in their name alone. */
export function present(endpoint: Endpoint, object: StoredObject): StoredObject {
  const apiVersion = apiVersionOf(endpoint.type);
  return object.apiVersion === apiVersion ? object : Object.freeze({ ...object, apiVersion });
}
