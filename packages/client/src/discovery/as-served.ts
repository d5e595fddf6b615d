import { shapedKindOf } from "@jdos/api/older-shapes";
import { type KubeObject, parseApiVersion } from "@jdos/apimachinery";
import type { Client } from "../client.ts";
import { toServed } from "./convert.ts";
import { definitionAsServed } from "./definition-as-served.ts";
import { Discovery } from "./discovery.ts";
import { servedVersion } from "./served-version.ts";

/**
 * Objects of the newest shapes as the server takes them, for other programs to apply: a client itself needs none of
 * this.
 * @throws UnsupportedError, and StatusError Invalid for what the served version would lose
 */
export async function asServed(
  client: Pick<Client, "raw">,
  objects: readonly KubeObject[],
): Promise<KubeObject[]> {
  const discovery = new Discovery(client);
  return Promise.all(
    objects.map(async (object) => {
      const kind = shapedKindOf(object);
      if (kind === undefined) {
        const { group } = parseApiVersion(object.apiVersion ?? "");
        return definitionAsServed(discovery, { group, kind: object.kind ?? "" }, object);
      }
      return toServed(await servedVersion(discovery, kind, kind.type), object);
    }),
  );
}
