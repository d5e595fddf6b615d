import { REGISTRY_READY, type System, Systems } from "@jdos/api";
import { isStatus, type ObjectKey, setCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { type RegistryLocation, readRegistryCredential } from "@jdos/component-base";
import { HarborClient, HarborError } from "@jdos/component-base/harbor";
import {
  addFinalizer,
  type ControllerOptions,
  hasFinalizer,
  type ReconcileContext,
  type Result,
  removeFinalizer,
} from "@jdos/controller-runtime";
import { writeStatus } from "../../apply/write-status.ts";
import type { Settings } from "../../options.ts";
import { SYSTEM_FINALIZER } from "../../system/controller.ts";
import {
  deleteEmptyProject,
  ensureProject,
  ensureQuota,
  findProject,
  isOwn,
  type ProjectOptions,
  projectOf,
} from "./project.ts";
import { deleteRobots, ensureRobot } from "./robots.ts";

/** Keeps a System until its robot accounts are gone. */
export const HARBOR_FINALIZER = "jdos.io/harbor";
/** How often Harbor is looked at for what somebody changed there. */
const LOOK_SECONDS = 1800;
const RETRY_SECONDS = 30;
const DELETION_SECONDS = 5;

/**
 * A project of Harbor for each System, with a robot account for its builds and one for its Pods. With any other registry
 * it lets go of Systems that had one.
 */
export function harborController({ registry }: Pick<Settings, "registry">): ControllerOptions {
  return { name: "harbor", for: Systems, reconcile: (context, key) => reconcile(context, key, registry) };
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  registry: RegistryLocation,
): Promise<Result | undefined> {
  const system = await find(context, key.name);
  if (system === undefined) return;
  if (registry.harbor === undefined) return void (await letGo(context, system));
  const isDeleted = system.metadata.deletionTimestamp !== undefined;
  if (isDeleted && !hasFinalizer(system, HARBOR_FINALIZER)) return;
  // Its builds and Pods need their accounts until the last of them has ended.
  if (isDeleted && hasFinalizer(system, SYSTEM_FINALIZER)) return { requeueAfterSeconds: DELETION_SECONDS };
  if (!isDeleted && system.status?.namespace === undefined) return;
  try {
    return await (isDeleted ? remove : keep)(context, system, registry);
  } catch (error) {
    if (!(error instanceof HarborError)) throw error;
    await say(context, system, {
      status: "False",
      reason: error.code,
      message: `${error.message}. ${error.hint}`,
    });
    return { requeueAfterSeconds: error.retryAfterSeconds ?? RETRY_SECONDS };
  }
}

async function keep(
  context: ReconcileContext,
  system: Stored<System>,
  registry: RegistryLocation,
): Promise<Result> {
  const { client } = context;
  const kept = await addFinalizer(client, { type: Systems, object: system, finalizer: HARBOR_FINALIZER });
  const options = access(context, registry);
  const project = await ensureProject(kept, options);
  await ensureQuota(kept, project, options);
  const robots = await options.harbor.robots(project.project_id);
  const robot = {
    client,
    harbor: options.harbor,
    registry,
    system: kept,
    project,
    robots,
    now: context.now(),
  };
  const waits = [await ensureRobot("push", robot), await ensureRobot("pull", robot)];
  const message = `Its images are in project "${project.name}" of Harbor at ${registry.host}`;
  await say(context, kept, { status: "True", reason: "ProjectReady", message });
  return { requeueAfterSeconds: Math.max(1, Math.min(LOOK_SECONDS, ...waits)) };
}

async function remove(
  context: ReconcileContext,
  system: Stored<System>,
  registry: RegistryLocation,
): Promise<undefined> {
  const options = access(context, registry);
  const project = await findProject(options.harbor, projectOf(system, registry));
  if (project !== undefined && isOwn(project, options)) {
    await deleteRobots(options.harbor, await options.harbor.robots(project.project_id));
    await deleteEmptyProject(project, options.harbor);
  }
  await letGo(context, system);
}

async function letGo({ client }: ReconcileContext, system: Stored<System>): Promise<void> {
  await removeFinalizer(client, { type: Systems, object: system, finalizer: HARBOR_FINALIZER });
}

/** The account is read anew each time: it may have been exchanged. */
function access({ signal }: ReconcileContext, registry: RegistryLocation): ProjectOptions {
  const { credentialsFile = "", host, harbor } = registry;
  const credential = readRegistryCredential(credentialsFile, host);
  const client = new HarborClient({ url: harbor?.url ?? registry.url, credential, signal });
  return { harbor: client, username: credential.username, registry };
}

interface Fact {
  status: "True" | "False";
  reason: string;
  message: string;
}

async function say(context: ReconcileContext, system: Stored<System>, fact: Fact): Promise<void> {
  const { client, events, now } = context;
  // The System's other conditions are written by another controller meanwhile.
  const current = (await find(context, system.metadata.name)) ?? system;
  const before = current.status?.conditions?.find(({ type }) => type === REGISTRY_READY);
  const conditions = setCondition(
    current.status?.conditions as NonNullable<System["status"]>["conditions"],
    { type: REGISTRY_READY, ...fact },
    now(),
  );
  await writeStatus(client, Systems, current, { ...current.status, conditions } as NonNullable<
    System["status"]
  >);
  if (before?.reason !== fact.reason)
    events.event(current, fact.status === "True" ? "Normal" : "Warning", fact.reason, fact.message);
}

async function find({ client }: ReconcileContext, name: string): Promise<Stored<System> | undefined> {
  try {
    return await client.get(Systems, { name });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
