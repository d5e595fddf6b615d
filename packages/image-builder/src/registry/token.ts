/** A Bearer challenge of a registry. Source: CNCF distribution, token authentication specification. */
export interface Challenge {
  realm: string;
  service?: string;
  scope?: string;
}

/** Reads `WWW-Authenticate: Bearer realm="...",service="...",scope="..."`. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null || !/^bearer\s/i.test(header)) return undefined;
  const parameters = new Map<string, string>();
  for (const [, key, value] of header.matchAll(/(\w+)="([^"]*)"/g))
    parameters.set(key?.toLowerCase() ?? "", value ?? "");
  const realm = parameters.get("realm");
  if (realm === undefined) return undefined;
  const service = parameters.get("service");
  const scope = parameters.get("scope");
  return { realm, ...(service === undefined ? {} : { service }), ...(scope === undefined ? {} : { scope }) };
}

export interface Credential {
  username: string;
  password: string;
}

/** The credential for a host in the text of a docker configuration. */
export function credentialFor(host: string, dockerConfig: string): Credential | undefined {
  let auths: unknown;
  try {
    auths = (JSON.parse(dockerConfig) as { auths?: unknown }).auths;
  } catch {
    return undefined;
  }
  const entry = (
    auths as Record<string, { username?: string; password?: string; auth?: string }> | undefined
  )?.[host];
  if (entry === undefined) return undefined;
  if (entry.username !== undefined && entry.password !== undefined)
    return { username: entry.username, password: entry.password };
  const [username, ...rest] = Buffer.from(entry.auth ?? "", "base64")
    .toString("utf8")
    .split(":");
  return username === undefined ? undefined : { username, password: rest.join(":") };
}

export function basicHeader({ username, password }: Credential): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
