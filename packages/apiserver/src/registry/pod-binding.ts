import type { Pod } from "@jdos/api";
import {
  type DeepReadonly,
  type KubeObject,
  notFound,
  type ObjectMeta,
  StatusError,
  setCondition,
} from "@jdos/apimachinery";
import { authorizeCall } from "../authorization/authorize.ts";
import type { Call, Core, WriteCallOptions } from "./call.ts";
import type { SubresourceDoor } from "./subresource.ts";
import { commit } from "./write.ts";

type BindingBody = KubeObject & { target?: { kind?: string; name?: string } };

/** POST pods/binding: the scheduler's word on which node a Pod runs. */
export const podBinding: SubresourceDoor = {
  async create(core, call, body: BindingBody, options) {
    authorizeCall(core, call, "create");
    const node = body.target?.name;
    if (node === undefined || node === "" || (body.target?.kind ?? "Node") !== "Node") {
      throw new StatusError("Invalid", `Binding "${call.name}" is invalid: target.name: Required value`, {
        details: {
          name: call.name,
          kind: "Binding",
          causes: [{ reason: "FieldValueRequired", field: "target.name", message: "Required value" }],
        },
      });
    }
    await bind(core, call, { node, annotations: body.metadata?.annotations ?? {}, options });
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  },
};

function bind(
  core: Core,
  call: Call,
  {
    node,
    annotations,
    options,
  }: { node: string; annotations: Record<string, string>; options: WriteCallOptions },
) {
  return commit(core, { ...call, subresource: "binding" }, options.dryRun === true, (current) => {
    if (current === undefined) throw notFound(call.endpoint.type, call.name);
    const pod = current as unknown as DeepReadonly<Pod>;
    if (current.metadata.deletionTimestamp !== undefined)
      throw refused(call, `pod ${call.name} is being deleted, cannot be assigned to a host`);
    if ((pod.spec?.nodeName ?? "") !== "")
      throw refused(call, `pod ${call.name} is already assigned to node "${pod.spec?.nodeName}"`);
    if ((pod.spec?.schedulingGates?.length ?? 0) > 0)
      throw refused(call, `pod ${call.name} has non-empty .spec.schedulingGates`);
    const conditions = setCondition(
      pod.status?.conditions as never,
      { type: "PodScheduled", status: "True" },
      core.now(),
    );
    // All but what changes is shared with the state before.
    const metadata = { ...current.metadata } as ObjectMeta;
    if (Object.keys(annotations).length > 0)
      metadata.annotations = { ...metadata.annotations, ...annotations };
    const { spec, status } = pod;
    const bound = { ...pod, metadata, spec: { ...spec, nodeName: node }, status: { ...status, conditions } };
    return { kind: "put", object: bound as KubeObject };
  });
}

function refused({ name }: Call, why: string): StatusError {
  return new StatusError("Conflict", `Operation cannot be fulfilled on pods/binding "${name}": ${why}`, {
    details: { name, kind: "pods/binding" },
  });
}
