import type { Client } from "@jdos/client";
import type { ApiServerOptions } from "../options.ts";
import { ensureNamespaces } from "./namespaces.ts";
import { ensureRoles } from "./roles.ts";

/** Makes what every cluster has, where it is missing. */
export async function bootstrap(client: Client, _options: ApiServerOptions): Promise<void> {
  await ensureNamespaces(client);
  await ensureRoles(client);
}
