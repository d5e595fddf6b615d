import type { Client } from "@jdos/client";
import { type ApiServerOptions, DEFAULT_SERVICE_CIDR } from "../options.ts";
import { ensureKubernetesService } from "./kubernetes-service.ts";
import { ensureNamespaces } from "./namespaces.ts";
import { ensurePriorityClasses } from "./priority-classes.ts";
import { ensureRoles } from "./roles.ts";

/** Makes what every cluster has, where it is missing. */
export async function bootstrap(
  client: Client,
  { serviceCidr = DEFAULT_SERVICE_CIDR, advertise }: ApiServerOptions,
): Promise<void> {
  await ensureNamespaces(client);
  await Promise.all([
    ensureRoles(client),
    ensurePriorityClasses(client),
    ensureKubernetesService(client, { serviceCidr, ...(advertise === undefined ? {} : { advertise }) }),
  ]);
}
