import { IngressClasses } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Values } from "../values.ts";
import { invalid } from "../values.ts";

/** What the values point at has to be there. @throws CliError ValuesInvalid */
export async function checkSeams(client: Client, { routes }: Values): Promise<void> {
  if (routes.provider !== "cluster") return;
  try {
    await client.get(IngressClasses, { name: routes.ingressClassName });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    const { items } = await client.list(IngressClasses);
    const names = items.map(({ metadata }) => metadata.name).join(", ");
    throw invalid(
      "routes.ingressClassName",
      `the cluster has no IngressClass "${routes.ingressClassName}"`,
      names === ""
        ? "It has none: install an Ingress controller, or take routes.provider: jdos"
        : `One of: ${names}`,
    );
  }
}
