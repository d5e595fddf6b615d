import type { ObjectSource } from "../container/object-source.ts";
import type { AuthConfig } from "../cri/types.ts";
import { namespaceOf, type PodObject, specOf } from "../pod/pod.ts";
import type { ImageName } from "./image-name.ts";

/** The node's own way into a registry. */
export interface RegistryCredential {
  /** "registry.example" or "registry.example:5000". */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/**
 * What may open the registry for an image, the most specific first: the Pod's imagePullSecrets, then the node's.
 * A secret that is missing or unreadable is passed over, as Kubernetes does.
 */
export async function pullCredentials(
  pod: PodObject,
  image: ImageName,
  objects: ObjectSource,
  own: readonly RegistryCredential[],
): Promise<AuthConfig[]> {
  const found: { key: string; auth: AuthConfig }[] = [];
  for (const reference of specOf(pod).imagePullSecrets ?? []) {
    if (reference.name === undefined) continue;
    const secret = await objects.secret(namespaceOf(pod), reference.name).catch(() => undefined);
    for (const [key, auth] of Object.entries(dockerAuths(secret?.data))) {
      if (matches(key, image)) found.push({ key, auth });
    }
  }
  found.sort((a, b) => b.key.length - a.key.length);
  const node = own
    .filter((credential) => credential.host === image.host)
    .map(({ username, password }) => ({ username, password }));
  return [...found.map((item) => item.auth), ...node];
}

function dockerAuths(data: Readonly<Record<string, string>> | undefined): Record<string, AuthConfig> {
  const modern = data?.[".dockerconfigjson"];
  const old = data?.[".dockercfg"];
  try {
    const text = Buffer.from(modern ?? old ?? "", "base64").toString("utf8");
    const parsed = JSON.parse(text) as { auths?: Record<string, DockerAuth> };
    const entries = Object.entries(
      modern === undefined ? (parsed as Record<string, DockerAuth>) : (parsed.auths ?? {}),
    );
    return Object.fromEntries(entries.map(([key, auth]) => [key, toAuth(auth)]));
  } catch {
    return {};
  }
}

interface DockerAuth {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
}

function toAuth({ username, password, auth, identitytoken }: DockerAuth): AuthConfig {
  if (identitytoken !== undefined) return { identityToken: identitytoken };
  if (username !== undefined && password !== undefined) return { username, password };
  const decoded = Buffer.from(auth ?? "", "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function matches(key: string, image: ImageName): boolean {
  const plain = key.replace(/^https?:\/\//, "").replace(/\/(v1|v2)?\/?$/, "");
  const slash = plain.indexOf("/");
  const host = slash < 0 ? plain : plain.slice(0, slash);
  const path = slash < 0 ? "" : plain.slice(slash + 1);
  if (host !== image.host && !(host === "index.docker.io" && image.host === "docker.io")) return false;
  return path === "" || image.repository === path || image.repository.startsWith(`${path}/`);
}
