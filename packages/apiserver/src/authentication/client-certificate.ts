import type { TLSSocket } from "node:tls";
import type { User } from "../registry/call.ts";
import { withSystemGroups } from "./groups.ts";

const NONE = Symbol("no certificate");
const known = new WeakMap<TLSSocket, User | typeof NONE>();

/**
 * The user of a verified client certificate: common name, organisations as groups. Asked once a connection.
 * undefined when there is none, or when it was not signed by our authority.
 */
export function certificateUser(socket: TLSSocket): User | undefined {
  let user = known.get(socket);
  if (user === undefined) {
    user = read(socket) ?? NONE;
    known.set(socket, user);
  }
  return user === NONE ? undefined : (user as User);
}

function read(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (subject?.CN === undefined) return undefined;
  const name = String(subject.CN);
  const organizations = subject.O as string | string[] | undefined;
  const groups =
    organizations === undefined ? [] : typeof organizations === "string" ? [organizations] : organizations;
  return { name, groups: withSystemGroups(name, groups) };
}
