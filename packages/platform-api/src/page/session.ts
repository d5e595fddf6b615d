import { createHmac } from "node:crypto";
import type { LocalUser } from "../login/login.ts";
import { sameSecret } from "../login/same-secret.ts";

const LIFETIME_SECONDS = 12 * 3600;

/**
 * What the page's cookie holds: who, until when, and a seal made with the person's token. Browsers send a cookie to
 * every port of a host, so it must be worth nothing anywhere else: it opens this page and is no token.
 */
export function issueSession({ name, token }: Pick<LocalUser, "name" | "token">, now = new Date()): string {
  const text = `${Buffer.from(name).toString("base64url")}.${Math.floor(now.getTime() / 1000) + LIFETIME_SECONDS}`;
  return `${text}.${seal(text, token)}`;
}

/** The person of a cookie that is whole and not over. */
export function personOfSession(
  cookie: string,
  users: readonly LocalUser[],
  now = new Date(),
): LocalUser | undefined {
  const [name = "", expires = "", sealed = "", ...rest] = cookie.split(".");
  if (rest.length > 0 || !(Number(expires) > now.getTime() / 1000)) return undefined;
  const user = users.find((candidate) => candidate.name === Buffer.from(name, "base64url").toString("utf8"));
  return user !== undefined && sameSecret(sealed, seal(`${name}.${expires}`, user.token)) ? user : undefined;
}

function seal(text: string, token: string): string {
  return createHmac("sha256", token).update(`page session ${text}`).digest("base64url");
}
