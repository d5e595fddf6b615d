import {
  ClusterRoleBindings,
  ClusterRoles,
  CustomResourceDefinitions,
  IngressClasses,
  Namespaces,
} from "@jdos/api";
import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { PLATFORM_NAMESPACE } from "../cluster/names.ts";
import { INSTALLATION_LABEL } from "./labels.ts";
import { type ObjectRecord, recordOf } from "./objects.ts";

/** What installations left that have no record any more, in the order of its making. */
export async function leftovers(client: Client): Promise<ObjectRecord[]> {
  const found: ObjectRecord[] = [];
  const types: readonly ResourceType[] = [
    Namespaces,
    CustomResourceDefinitions,
    ClusterRoles,
    ClusterRoleBindings,
    IngressClasses,
  ];
  for (const type of types) {
    const { items } = await client.list(type, { labelSelector: INSTALLATION_LABEL });
    found.push(...items.map((item) => recordOf(item as KubeObject)));
  }
  return found.filter(({ kind, name }) => kind !== "Namespace" || name === PLATFORM_NAMESPACE);
}
