import { randomBytes } from "node:crypto";
import { type ConfigMap, ConfigMaps } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { PLATFORM_NAMESPACE } from "../cluster/names.ts";
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
    return JSON.parse(data["installation.json"] ?? "{}") as Installation;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
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

/** Needs the namespace. */
export async function writeInstallation(client: Client, installation: Installation): Promise<void> {
  const body = renderRecord(installation);
  await client.patch(ConfigMaps, KEY, { type: "apply", body }, { fieldManager: FIELD_MANAGER, force: true });
}
