import { randomBytes } from "node:crypto";
import { type ConfigMap, ConfigMaps } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { PLATFORM_NAMESPACE } from "../cluster/names.ts";
import { CliError } from "../errors.ts";
import { FIELD_MANAGER } from "./labels.ts";
import type { ObjectRecord } from "./objects.ts";

export type InstallationState = "Installing" | "Installed" | "Upgrading" | "Uninstalling";

/** What a cluster knows of its installation: ConfigMap jdos-system/installation. */
export interface Installation {
  id: string;
  state: InstallationState;
  /** Of the platform's tree that was installed. */
  version: string;
  images: { platform: string; base: string };
  /** The values without their defaults' file: what an upgrade goes on with. */
  values: object;
  /** Everything that was put into the cluster, in the order of its making. */
  objects: readonly ObjectRecord[];
}

const KEY = { namespace: PLATFORM_NAMESPACE, name: "installation" };

export function newId(): string {
  return randomBytes(6).toString("hex");
}

/** Undefined where there is none. */
export async function readInstallation(client: Client): Promise<Installation | undefined> {
  try {
    const { data = {} } = await client.get(ConfigMaps, KEY);
    return parseRecord(data["installation.json"] ?? "");
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

/** @throws CliError RecordUnreadable: what was installed cannot be guessed */
function parseRecord(text: string): Installation {
  try {
    const record = JSON.parse(text) as Partial<Installation>;
    if (typeof record.id === "string" && Array.isArray(record.objects)) return record as Installation;
    throw new Error('"id" or "objects" is missing');
  } catch (cause) {
    const { namespace, name } = KEY;
    throw new CliError(
      "RecordUnreadable",
      `Cannot tell what is installed: ConfigMap ${namespace}/${name} cannot be read: ${(cause as Error).message}`,
      {
        hint: "Somebody changed it: put back what it was; or delete it, and jdos uninstall finds what is left by its labels",
        cause,
      },
    );
  }
}

export function renderRecord(installation: Installation): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { ...KEY, labels: { "app.kubernetes.io/part-of": "jdos" } },
    data: { "installation.json": JSON.stringify(installation, undefined, 1) },
  };
}

/**
 * The first write of a run: who begins second, at the same moment, finds the other's. Needs the namespace.
 * @throws CliError AlreadyInstalled
 */
export async function claimInstallation(client: Client, installation: Installation): Promise<void> {
  try {
    await client.create(ConfigMaps, renderRecord(installation), { fieldManager: FIELD_MANAGER });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
    await requireOwn(client, installation.id);
    await writeInstallation(client, installation);
  }
}

/** @throws CliError AlreadyInstalled when another installation has begun since this one looked */
export async function requireOwn(client: Client, id: string): Promise<void> {
  const present = await readInstallation(client);
  if (present === undefined || present.id === id) return;
  throw new CliError(
    "AlreadyInstalled",
    `Cannot go on: another install of this cluster began meanwhile (installation ${present.id}, version ${present.version})`,
    { hint: "Let it end, then see it: jdos status --kubeconfig FILE" },
  );
}

/** Needs the namespace. */
export async function writeInstallation(client: Client, installation: Installation): Promise<void> {
  const body = renderRecord(installation);
  await client.patch(ConfigMaps, KEY, { type: "apply", body }, { fieldManager: FIELD_MANAGER, force: true });
}
