import type { IncomingHttpHeaders } from "node:http";
import type { Client, UserInfo } from "@jdos/client";
import { PlatformError } from "../errors.ts";
import { sameSecret } from "./same-secret.ts";

/** A person who may log in with a token of their own. */
export interface LocalUser extends UserInfo {
  readonly token: string;
}

export interface Login {
  readonly users: readonly LocalUser[];
  /** Whose token it is. */
  userOf(token: string): LocalUser | undefined;
  /** The Kubernetes API as that person. */
  clientFor(person: UserInfo): Client;
}

export function createLogin(client: Client, users: readonly LocalUser[]): Login {
  const clients = new Map<string, Client>();
  return {
    users,
    userOf(token) {
      let found: LocalUser | undefined;
      for (const user of users) if (sameSecret(token, user.token)) found = user;
      return found;
    },
    clientFor(person) {
      const known =
        clients.get(person.name) ??
        client.impersonate({
          name: person.name,
          ...(person.groups === undefined ? {} : { groups: person.groups }),
        });
      clients.set(person.name, known);
      return known;
    },
  };
}

/**
 * The token of a request: `Authorization: Bearer TOKEN`, or `X-Jdos-Token: TOKEN` where something between keeps that
 * header to itself, as the API server's services/proxy does.
 */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const own = headers["x-jdos-token"];
  if (typeof own === "string") return /^[\x21-\x7e]+$/.exec(own)?.[0];
  return /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? "")?.[1];
}

export function unauthorized(given: boolean): PlatformError {
  return new PlatformError(
    "Unauthorized",
    given ? "Cannot log in: the token is not valid" : "Cannot log in: the request carries no token",
    {
      hint: 'Send "Authorization: Bearer TOKEN"; the local administrator\'s token lies in credentials/platform-token of the data directory',
    },
  );
}
