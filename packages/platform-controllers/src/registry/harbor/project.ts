import type { System } from "@jdos/api";
import { bytes } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { RegistryLocation } from "@jdos/component-base";
import { type HarborClient, HarborError, type HarborProject, projectName } from "@jdos/component-base/harbor";

export interface ProjectOptions {
  harbor: HarborClient;
  /** Who owns the projects of Systems. */
  username: string;
  registry: RegistryLocation;
}

/**
 * The project of a System, made where it is missing. One that another user owns is somebody else's and is left alone:
 * its images are not ours, and neither are who may pull them.
 */
export async function ensureProject(system: Stored<System>, options: ProjectOptions): Promise<HarborProject> {
  const { harbor, registry } = options;
  const name = projectOf(system, registry);
  const storageLimitBytes = storageOf(system, registry);
  const found = await findProject(harbor, name);
  if (found !== undefined) return requireOwn(found, options);
  try {
    await harbor.createProject(name, storageLimitBytes === undefined ? {} : { storageLimitBytes });
  } catch (error) {
    // Made since it was looked for, or hidden from the account.
    if (statusOf(error) !== 409) throw error;
    if ((await findProject(harbor, name)) === undefined) throw taken(name, "another user's, who hides it");
  }
  return requireOwn(await harbor.project(name), options);
}

/** Sets a project's storage quota to the System's disk quota. */
export async function ensureQuota(
  system: Stored<System>,
  project: HarborProject,
  { harbor, registry }: ProjectOptions,
): Promise<void> {
  const wanted = storageOf(system, registry);
  if (wanted === undefined) return;
  const quota = await harbor.quota(project.project_id);
  if (quota !== undefined && quota.hard?.storage !== wanted) await harbor.setStorage(quota.id, wanted);
}

/** Deletes a System's project when nothing is in it. Images are never deleted with a System. */
export async function deleteEmptyProject(
  project: HarborProject,
  harbor: HarborClient,
): Promise<"deleted" | "kept"> {
  if ((await harbor.deletable(project.name)).deletable !== true) return "kept";
  try {
    await harbor.deleteProject(project.name);
    return "deleted";
  } catch (error) {
    // Something was pushed since: 412. Somebody else deleted it: 404.
    if (statusOf(error) === 412) return "kept";
    if (statusOf(error) === 404) return "deleted";
    throw error;
  }
}

/** Undefined: there is none, or none that the account may see, of which Harbor answers 403 to a user. */
export async function findProject(harbor: HarborClient, name: string): Promise<HarborProject | undefined> {
  try {
    return await harbor.project(name);
  } catch (error) {
    if ([403, 404].includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}

export function projectOf({ metadata }: Stored<System>, { harbor }: RegistryLocation): string {
  return projectName(harbor?.projectPrefix ?? "", metadata.name);
}

/** Undefined: quotas are not ours to set. Harbor's word for no limit is -1. */
function storageOf({ spec }: Stored<System>, { harbor }: RegistryLocation): number | undefined {
  if (harbor?.quotas !== true) return undefined;
  const disk = spec?.quota?.disk;
  return disk === undefined ? -1 : bytes(disk);
}

export function isOwn(project: HarborProject, { username, registry }: ProjectOptions): boolean {
  const [platform] = `${registry.prefix}jdos`.split("/");
  return project.owner_name === username && project.name !== platform;
}

function requireOwn(project: HarborProject, options: ProjectOptions): HarborProject {
  if (isOwn(project, options)) return project;
  throw taken(project.name, `of user "${project.owner_name ?? "unknown"}", or has the platform's own images`);
}

function taken(name: string, whose: string): HarborError {
  return new HarborError("ProjectTaken", `Cannot use project "${name}": it is ${whose}`, {
    hint: "Rename the System, or give the projects of Systems a name of their own: registry.harbor.projectPrefix",
    status: 409,
  });
}

function statusOf(error: unknown): number | undefined {
  return error instanceof HarborError ? error.status : undefined;
}
