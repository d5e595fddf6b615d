import type { Client } from "@jdos/client";

/** A client whose given methods are a test's own; the others are the real one's. */
export function override(client: Client, members: Partial<Client>): Client {
  return new Proxy(client, {
    get(target, name) {
      const own = members[name as keyof Client] ?? target[name as keyof Client];
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}
