import { Endpoints, Services } from "@jdos/api";
import { isStatus, type StatusError } from "@jdos/apimachinery";
import type { Client, RawRequest } from "@jdos/client";

/** A Service of the cluster, as a URL names it. */
export interface Service {
  scheme: string;
  name: string;
  namespace: string;
  port: string;
  path: string;
}

/** What "http://NAME.NAMESPACE.svc..." is the address of; undefined for one outside of the cluster. */
export function serviceOf(url: string): Service | undefined {
  const { protocol, hostname, port, pathname } = new URL(url);
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/.exec(hostname) ?? [];
  if (name === undefined || namespace === undefined) return undefined;
  const scheme = protocol.slice(0, -1);
  return {
    scheme,
    name,
    namespace,
    port: port === "" ? (scheme === "https" ? "443" : "80") : port,
    path: pathname.replace(/\/+$/, ""),
  };
}

/**
 * Why a Service cannot be asked from here; undefined where it can, or is not there. The API server passes requests on to Pods
 * alone. Source: Kubernetes, pkg/registry/core/service/storage, ResolveLocation.
 */
export async function unaskable(client: Client, { namespace, name }: Service): Promise<string | undefined> {
  try {
    const { spec } = await client.get(Services, { namespace, name });
    if (spec?.type === "ExternalName") return `Service ${namespace}/${name} is a name elsewhere`;
    const { subsets = [] } = await client.get(Endpoints, { namespace, name });
    const addresses = subsets.flatMap((subset) => subset.addresses ?? []);
    if (addresses.length === 0 || addresses.some(({ targetRef }) => targetRef?.kind === "Pod"))
      return undefined;
    return `what is behind Service ${namespace}/${name} is no Pod`;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

export interface ProxiedAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
}

export interface ProxyOptions {
  client: Client;
  service: Service;
  /** Which refusals are the server's own answer; others are the API server's words: no such Service, nothing ready behind it. */
  isAnswer: (error: StatusError) => boolean;
}

/** One request to a Service through the API server, which passes on all but who asks. @throws the API server's words */
export async function throughApiServer(
  { client, service, isAnswer }: ProxyOptions,
  request: RawRequest,
): Promise<ProxiedAnswer> {
  const { scheme, name, namespace, port, path } = service;
  const proxy = `/api/v1/namespaces/${namespace}/services/${scheme}:${name}:${port}/proxy${path}`;
  try {
    const { status, headers, body } = await client.raw({ ...request, path: `${proxy}${request.path}` });
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return { status, headers, text: Buffer.concat(chunks).toString("utf8") };
  } catch (error) {
    if (!isStatus(error)) throw error;
    if (isAnswer(error)) return { status: error.code, headers: {}, text: error.message };
    throw new Error(error.message, { cause: error });
  }
}
