import type { IncomingMessage } from "node:http";
import { GitServerError } from "../errors.ts";

export const CHALLENGE = 'Basic realm="JDOS: any user name, and your token as the password", charset="UTF-8"';
const MAX_TOKEN = 16 * 1024;

/** The token that a request shows: the password of Basic, or a Bearer token. @throws GitServerError Unauthorized */
export function tokenOf({ headers }: Pick<IncomingMessage, "headers">): string {
  const [, scheme = "", value = ""] = /^(\w+) +(\S+)$/.exec(headers.authorization ?? "") ?? [];
  const token =
    scheme.toLowerCase() === "basic" ? passwordOf(value) : scheme.toLowerCase() === "bearer" ? value : "";
  if (token === "" || token.length > MAX_TOKEN || /[^\x21-\x7e]/.test(token)) throw unauthorized();
  return token;
}

function passwordOf(value: string): string {
  const text = Buffer.from(value, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1);
}

export function unauthorized(): GitServerError {
  return new GitServerError("Unauthorized", "Cannot serve the repository without a login", {
    hint: "Any user name will do; the password is your token (jdos app remote says where it is)",
  });
}
