import { alreadyExists, deepFreeze, isStatus, type KubeObject, StatusError } from "@jdos/apimachinery";
import type { ManagedFields } from "../apply/managers.ts";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import type { Call, Core, WriteCallOptions } from "./call.ts";
import { validateFields } from "./field-validation.ts";
import { recordManager } from "./managed-fields.ts";
import {
  adopt,
  clearForCreate,
  fillForCreate,
  generateName,
  type Incoming,
  validateMetadata,
} from "./metadata.ts";
import { admissionRequest, commit, type Reservations, throwInvalid } from "./write.ts";

const NAME_ATTEMPTS = 8;

/** Stores a new object. The object given becomes the registry's. */
export async function create(
  core: Core,
  call: Call,
  given: KubeObject,
  options: WriteCallOptions & { managedFields?: ManagedFields } = {},
): Promise<StoredObject> {
  authorizeCall(core, call, "create");
  const { review } = call.endpoint;
  if (review !== undefined)
    return deepFreeze(await review(core, call, given, options)) as unknown as StoredObject;
  validateFields(core, call, given, options);
  const object = adopt(call, given);
  const { metadata } = object;
  if (
    metadata.resourceVersion !== undefined &&
    metadata.resourceVersion !== "" &&
    metadata.resourceVersion !== "0"
  ) {
    throw new StatusError("BadRequest", "resourceVersion should not be set on objects to be created");
  }
  delete metadata.resourceVersion;
  const generated = metadata.name ? undefined : metadata.generateName;
  prepare(core, call, object);
  recordManager(core, call, { object, old: undefined, options });
  return insert(core, call, { object, generated, dryRun: options.dryRun === true });
}

function prepare(core: Core, call: Call, object: Incoming): void {
  const { strategy } = call.endpoint;
  clearForCreate(object.metadata);
  fillForCreate(object.metadata, core.now());
  if (strategy.notice !== undefined) call.warn?.(strategy.notice);
  strategy.defaults?.(object);
  strategy.prepareForCreate?.(object, { user: call.user, now: core.now() });
}

interface Insertion {
  object: Incoming;
  /** The prefix, where the server chose the name. */
  generated: string | undefined;
  dryRun: boolean;
}

async function insert(
  core: Core,
  call: Call,
  { object, generated, dryRun }: Insertion,
): Promise<StoredObject> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await insertOnce(core, { ...call, name: object.metadata.name ?? "" }, object, dryRun);
    } catch (error) {
      if (generated === undefined || attempt === NAME_ATTEMPTS || !isStatus(error, "AlreadyExists"))
        throw error;
      object.metadata.name = generateName(generated);
    }
  }
}

function insertOnce(core: Core, call: Call, object: Incoming, dryRun: boolean): Promise<StoredObject> {
  return commit(core, call, dryRun, (current, reservations) => {
    if (current !== undefined) throw alreadyExists(call.endpoint.type, call.name);
    admit(core, call, object, { dryRun, reservations });
    return { kind: "put", object };
  });
}

function admit(
  core: Core,
  call: Call,
  object: Incoming,
  rest: { dryRun: boolean; reservations: Reservations },
): void {
  const { strategy } = call.endpoint;
  const request = admissionRequest("CREATE", call, object, { old: undefined, ...rest });
  core.admission.mutate(request);
  throwInvalid(call, call.name, [
    ...validateMetadata(object.metadata, strategy),
    ...(strategy.validate?.(object) ?? []),
  ]);
  core.admission.validate(request);
}
