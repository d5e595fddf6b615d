import type { IncomingHttpHeaders } from "node:http";
import { PROOF_HEADER } from "@jdos/api";
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
      const key = JSON.stringify([person.name, ...(person.groups ?? [])]);
      const known =
        clients.get(key) ??
        client.impersonate({
          name: person.name,
          ...(person.groups === undefined ? {} : { groups: person.groups }),
        });
      clients.set(key, known);
      if (clients.size > MAX_CLIENTS) clients.delete(clients.keys().next().value as string);
      return known;
    },
  };
}

/** A client holds no connection of its own: the oldest is made again when it is asked for. */
const MAX_CLIENTS = 1000;

/** The proof of a request: its own header goes before the one that proxies on the way read for themselves. */
export function proofOf(headers: IncomingHttpHeaders): string | undefined {
  const own = headers[PROOF_HEADER];
  return bearerToken(typeof own === "string" ? own : headers.authorization);
}

/** Reads `Authorization: Bearer ...`. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(header ?? "")?.[1];
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
