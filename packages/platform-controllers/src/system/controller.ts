import { rm } from "node:fs/promises";
import {
  Applications,
  LimitRanges,
  type Namespace,
  Namespaces,
  ResourceQuotas,
  RoleBindings,
  type System,
  Systems,
} from "@jdos/api";
import {
  controllerOf,
  isStatus,
  type KubeObject,
  type ObjectKey,
  type ResourceType,
  setCondition,
} from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import {
  addFinalizer,
  type ControllerOptions,
  type ReconcileContext,
  type Result,
  removeFinalizer,
} from "@jdos/controller-runtime";
import { apply } from "../apply/apply.ts";
import { writeStatus } from "../apply/write-status.ts";
import { cachePathOf } from "../build/step-volumes.ts";
import type { Settings } from "../options.ts";
import { nameRefusal } from "./name.ts";
import { renderLimits, renderQuota, SYSTEM_OBJECT } from "./render/limits.ts";
import { renderNamespace } from "./render/namespace.ts";
import {
  MEMBER_ROLES,
  renderAdministratorsBinding,
  renderOwnBinding,
  renderRoleBinding,
  roleBindingName,
} from "./render/role-bindings.ts";

/** Keeps a System until its Namespace is empty and gone. */
export const SYSTEM_FINALIZER = "jdos.io/namespace";
/** How often the deletion of a Namespace is looked at, beside its own events. */
const DELETION_SECONDS = 5;

export function systemController({ build }: Pick<Settings, "build">): ControllerOptions {
  return {
    name: "system",
    for: Systems,
    owns: [Namespaces, ResourceQuotas, LimitRanges, RoleBindings],
    watches: [
      { type: Applications, keys: ({ metadata }) => [{ namespace: "", name: metadata.namespace ?? "" }] },
    ],
    reconcile: (context, key) => reconcileSystem(context, key, build.cacheHostPath),
  };
}

async function reconcileSystem(
  context: ReconcileContext,
  key: ObjectKey,
  cacheHostPath: string | undefined,
): Promise<Result | undefined> {
  const { client } = context;
  const system = await find(client, Systems, key.name);
  if (system === undefined) return;
  const namespace = await find(client, Namespaces, key.name);
  if (system.metadata.deletionTimestamp !== undefined)
    return empty(context, system, { namespace, cacheHostPath });
  const refusal = nameRefusal(key.name) ?? foreign(system, namespace);
  if (refusal !== undefined) return void (await report(context, system, { status: "False", ...refusal }));
  if (namespace?.metadata.deletionTimestamp !== undefined) {
    await report(context, system, {
      status: "False",
      reason: "NamespaceTerminating",
      message: `Namespace ${key.name} is being deleted; it is made again after that`,
    });
    return { requeueAfterSeconds: DELETION_SECONDS };
  }
  const kept = await addFinalizer(client, { type: Systems, object: system, finalizer: SYSTEM_FINALIZER });
  await write(context, kept);
  await report(context, kept, {
    status: "True",
    reason: "Ready",
    message: `Namespace ${key.name} is ready for applications`,
  });
  return;
}

async function find<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  name: string,
): Promise<Stored<T> | undefined> {
  try {
    return await client.get(type, { name });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

function owns(system: Stored<System>, namespace: Stored<Namespace>): boolean {
  return controllerOf(namespace)?.uid === system.metadata.uid;
}

function foreign(
  system: Stored<System>,
  namespace: Stored<Namespace> | undefined,
): { reason: string; message: string } | undefined {
  if (namespace === undefined || owns(system, namespace)) return undefined;
  const { name } = system.metadata;
  return {
    reason: "NamespaceTaken",
    message: `System name "${name}" cannot be used: a Namespace "${name}" exists and does not belong to this System`,
  };
}

async function write(context: ReconcileContext, system: Stored<System>): Promise<void> {
  const { client } = context;
  const namespace = system.metadata.name;
  await apply(client, Namespaces, renderNamespace(system), {
    owner: system,
    keep: (live, wanted) => ({ ...wanted, spec: live.spec as Namespace["spec"] }),
  });
  await apply(client, RoleBindings, renderOwnBinding(system), { owner: system });
  await apply(client, RoleBindings, renderAdministratorsBinding(system), { owner: system });
  await apply(client, LimitRanges, renderLimits(system), { owner: system });
  const quota = renderQuota(system);
  if (quota === undefined) await remove(context, ResourceQuotas, { namespace, name: SYSTEM_OBJECT });
  else await apply(client, ResourceQuotas, quota, { owner: system });
  for (const role of MEMBER_ROLES) {
    const binding = renderRoleBinding(system, role);
    if (binding === undefined)
      await remove(context, RoleBindings, { namespace, name: roleBindingName(role) });
    else await apply(client, RoleBindings, binding, { owner: system });
  }
}

/** What the informer has not seen yet brings a reconcile of its own when it is seen. */
async function remove<T extends KubeObject>(
  { client, informers }: ReconcileContext,
  type: ResourceType<T>,
  key: ObjectKey,
): Promise<void> {
  if (informers.for(type).lister.get(key) === undefined) return;
  try {
    await client.delete(type, key);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

/** Deletes the Namespace with all that is in it, and lets the System go when it is gone. */
async function empty(
  context: ReconcileContext,
  system: Stored<System>,
  {
    namespace,
    cacheHostPath,
  }: { namespace: Stored<Namespace> | undefined; cacheHostPath: string | undefined },
): Promise<Result | undefined> {
  const { client } = context;
  if (namespace === undefined || !owns(system, namespace)) {
    // On one machine the node is this one; elsewhere there is nothing here to remove.
    if (cacheHostPath !== undefined)
      await rm(cachePathOf(cacheHostPath, system), { recursive: true, force: true });
    await removeFinalizer(client, { type: Systems, object: system, finalizer: SYSTEM_FINALIZER });
    return;
  }
  if (namespace.metadata.deletionTimestamp === undefined) {
    await client.delete(
      Namespaces,
      { name: namespace.metadata.name },
      { preconditions: { uid: namespace.metadata.uid } },
    );
  }
  const left = namespace.status?.conditions?.find(
    ({ type, status }) => type !== "NamespaceDeletionDiscoveryFailure" && status === "True",
  );
  await report(context, system, {
    status: "False",
    reason: "Deleting",
    message: left?.message ?? `Namespace ${namespace.metadata.name} is being emptied`,
  });
  return { requeueAfterSeconds: DELETION_SECONDS };
}

interface Report {
  status: "True" | "False";
  reason: string;
  message: string;
}

async function report(context: ReconcileContext, system: Stored<System>, fact: Report): Promise<void> {
  const { name, generation } = system.metadata;
  const owned = fact.status === "True" || fact.reason === "Deleting";
  const conditions = setCondition(
    system.status?.conditions as NonNullable<System["status"]>["conditions"],
    { type: "Ready", ...fact, ...(generation === undefined ? {} : { observedGeneration: generation }) },
    context.now(),
  );
  const before = system.status?.conditions?.find(({ type }) => type === "Ready");
  const status = {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions,
    ...(owned
      ? { namespace: name, applications: context.informers.for(Applications).lister.list(name).length }
      : {}),
  };
  await writeStatus(context.client, Systems, system, status, ["notices"]);
  if (before?.reason !== fact.reason && fact.reason !== "Deleting") {
    context.events.event(system, fact.status === "True" ? "Normal" : "Warning", fact.reason, fact.message);
  }
}
