import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ClusterRoleBindings,
  ClusterRoles,
  Namespaces,
  PriorityClasses,
  RoleBindings,
  Roles,
  ServiceAccounts,
} from "@jdos/api";
import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { parseAllDocuments } from "yaml";

const TYPES: readonly ResourceType[] = [
  Namespaces,
  ServiceAccounts,
  ClusterRoles,
  ClusterRoleBindings,
  Roles,
  RoleBindings,
  PriorityClasses,
];
const directory = join(import.meta.dirname, "../../../../manifests");

/** Gives the controllers and the members of Systems the rights they have in production. */
export async function applyRights(client: Client): Promise<void> {
  await client.create(Namespaces, { metadata: { name: "jdos-system" } });
  for (const file of ["platform-controllers-rbac.yaml", "platform-roles.yaml", "build-priority.yaml"]) {
    for (const document of parseAllDocuments(readFileSync(join(directory, file), "utf8"))) {
      const object = document.toJS() as KubeObject;
      const type = TYPES.find(({ kind }) => kind === object.kind);
      if (type === undefined) throw new Error(`no type for ${object.kind} in ${file}`);
      await client.create(type, object);
    }
  }
}
