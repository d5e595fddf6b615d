import { type KubeObject, qualifiedResource, StatusError } from "@jdos/apimachinery";
import type { Patch } from "@jdos/client";
import type { Call, Core, WriteCallOptions } from "./call.ts";
import { get } from "./get.ts";
import { type PatchCallOptions, type Patched, patch } from "./patch.ts";
import { podBinding } from "./pod-binding.ts";
import { podEviction } from "./pod-eviction.ts";
import { scaleDoor } from "./scale.ts";
import { serviceAccountToken } from "./service-account-token.ts";
import { update } from "./update.ts";

/** Answers of subresources that carry a Kind of their own. */
export type SubresourceBody = Readonly<KubeObject & Record<string, unknown>>;

/** What a subresource does on a verb, where it is not the object itself in part (as `status` is). */
export interface SubresourceDoor {
  get?(core: Core, call: Call): SubresourceBody | Promise<SubresourceBody>;
  create?(core: Core, call: Call, body: KubeObject, options: WriteCallOptions): Promise<SubresourceBody>;
  patch?(core: Core, call: Call, given: Patch, options: PatchCallOptions): Promise<Patched>;
  update?(core: Core, call: Call, body: KubeObject, options: WriteCallOptions): Promise<SubresourceBody>;
}

const doors: Readonly<Record<string, SubresourceDoor>> = {
  "pods/binding": podBinding,
  "pods/eviction": podEviction,
  "serviceaccounts/token": serviceAccountToken,
};

/** The door of a subresource; undefined where the generic verbs serve it. */
export function doorOf(call: Call): SubresourceDoor | undefined {
  const { type } = call.endpoint;
  if (call.subresource === "scale" && call.endpoint.strategy.scale !== undefined) return scaleDoor;
  return call.subresource === undefined ? undefined : doors[`${qualifiedResource(type)}/${call.subresource}`];
}

/** @throws StatusError NotFound when the resource has no such subresource */
export function checkSubresource({ endpoint: { strategy }, subresource }: Call): void {
  if (subresource === undefined || strategy.subresources.some(({ name }) => name === subresource)) return;
  throw new StatusError("NotFound", "the server could not find the requested resource", { details: {} });
}

/** PUT on an object or one of its subresources. */
export async function updateSubresource(
  core: Core,
  call: Call,
  body: KubeObject,
  options: WriteCallOptions,
): Promise<unknown> {
  checkSubresource(call);
  const door = doorOf(call);
  if (door === undefined) return update(core, call, body, options);
  if (door.update === undefined) throw notAllowed();
  return door.update(core, call, body, options);
}

/** GET of a subresource: the whole object where it has no door of its own. */
export async function getSubresource(core: Core, call: Call): Promise<unknown> {
  checkSubresource(call);
  const door = doorOf(call);
  if (door === undefined) return get(core, call);
  if (door.get === undefined) throw notAllowed();
  return door.get(core, call);
}

/** PATCH of an object or one of its subresources. */
export async function patchSubresource(
  core: Core,
  call: Call,
  given: Patch,
  options: PatchCallOptions,
): Promise<Patched> {
  checkSubresource(call);
  const door = doorOf(call);
  if (door === undefined) return patch(core, call, given, options);
  if (door.patch === undefined) throw notAllowed();
  return door.patch(core, call, given, options);
}

/** POST to a subresource. */
export async function createSubresource(
  core: Core,
  call: Call,
  body: KubeObject,
  options: WriteCallOptions,
): Promise<SubresourceBody> {
  checkSubresource(call);
  const create = doorOf(call)?.create;
  if (create === undefined) throw notAllowed();
  return create(core, call, body, options);
}

export function notAllowed(): StatusError {
  return new StatusError(
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
  );
}
