import { conflict, deepCopy, type KubeObject, notFound, StatusError } from "@jdos/apimachinery";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import type { Change } from "../storage/store.ts";
import { applyPatch } from "./apply-patch.ts";
import { type Call, type Core, keyOfCall, type WriteCallOptions } from "./call.ts";
import { present } from "./get.ts";
import type { Incoming } from "./metadata.ts";
import type { SubresourceBody, SubresourceDoor } from "./subresource.ts";
import { replace } from "./update.ts";
import { commit, type Reservations } from "./write.ts";

interface Scale extends KubeObject {
  spec?: { replicas?: number };
}

/** The scale subresource: the replicas of anything that has them, as autoscaling/v1 Scale. */
export const scaleDoor: SubresourceDoor = {
  get(core, call) {
    authorizeCall(core, call, "get");
    const object = core.store.get(keyOfCall(call));
    if (object === undefined) throw notFound(call.endpoint.type, call.name);
    return scaleOf(call, object);
  },
  async update(core, call, body: Scale, options) {
    authorizeCall(core, call, "update");
    return write(core, call, options, () => body);
  },
  async patch(core, call, given, options) {
    authorizeCall(core, call, "patch");
    const object = await write(
      core,
      call,
      options,
      (current) => applyPatch(deepCopy(scaleOf(call, current)) as KubeObject, given) as Scale,
    );
    return { object, created: false };
  },
};

function scaleOf({ endpoint: { strategy } }: Call, { metadata, ...rest }: StoredObject): SubresourceBody {
  const { specReplicas, statusReplicas, selector } = strategy.scale!.get({ metadata, ...rest } as never);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: { replicas: specReplicas },
    status: { replicas: statusReplicas, ...(selector === "" ? {} : { selector }) },
  };
}

async function write(
  core: Core,
  call: Call,
  options: WriteCallOptions,
  wanted: (current: StoredObject) => Scale,
): Promise<SubresourceBody> {
  const { subresource: _, ...whole } = call;
  const stored = await commit(core, whole, options.dryRun === true, (current, reservations) => {
    if (current === undefined) throw notFound(call.endpoint.type, call.name);
    return scaled(core, whole, { current, scale: wanted(current), options, reservations });
  });
  return scaleOf(call, present(call.endpoint, stored));
}

interface Scaling {
  current: StoredObject;
  scale: Scale;
  options: WriteCallOptions;
  reservations: Reservations;
}

function scaled(core: Core, call: Call, { current, scale, options, reservations }: Scaling): Change {
  const replicas = scale.spec?.replicas ?? 0;
  if (!Number.isSafeInteger(replicas) || replicas < 0) {
    throw new StatusError(
      "Invalid",
      `Scale.autoscaling "${call.name}" is invalid: spec.replicas: Invalid value: ${replicas}: must be greater than or equal to 0`,
      {
        details: {
          name: call.name,
          group: "autoscaling",
          kind: "Scale",
          causes: [
            {
              reason: "FieldValueInvalid",
              field: "spec.replicas",
              message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
            },
          ],
        },
      },
    );
  }
  const revision = scale.metadata?.resourceVersion;
  if (revision !== undefined && revision !== "" && revision !== current.metadata.resourceVersion)
    throw conflict(call.endpoint.type, call.name);
  const object = deepCopy(present(call.endpoint, current)) as unknown as Incoming;
  call.endpoint.strategy.scale!.set(object, replicas);
  return replace(core, call, { object, current, options, reservations });
}
