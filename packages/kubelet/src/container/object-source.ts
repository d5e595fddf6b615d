import type { ConfigMap, Secret } from "@jdos/api";
import type { Stored } from "@jdos/client";

/** Where the objects that Pods refer to come from. Rejects with StatusError NotFound when one is not there. */
export interface ObjectSource {
  configMap(namespace: string, name: string): Promise<Stored<ConfigMap>>;
  secret(namespace: string, name: string): Promise<Stored<Secret>>;
}
