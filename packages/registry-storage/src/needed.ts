import { Applications, Builds, Pods, Releases } from "@jdos/api";
import type { Client } from "@jdos/client";

/** Every digest that an Application, Build, Release or Pod names, in hexadecimal. What none names, nothing can run. */
export async function neededDigests(client: Client): Promise<Set<string>> {
  const needed = new Set<string>();
  for (const type of [Applications, Builds, Releases, Pods]) {
    const { items } = await client.list<object & { metadata?: object }>(type as never);
    for (const item of items)
      for (const [, hex = ""] of JSON.stringify(item).matchAll(/sha256:([a-f0-9]{64})/g)) needed.add(hex);
  }
  return needed;
}
