import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { type Client, createAccessReviewer, createTokenReviewer, type UserInfo } from "@jdos/client";
import type { KubeletTls } from "../options.ts";
import { RequestError } from "./request.ts";

export interface AccessOptions {
  /** The kubelet's own: it asks the API server whose token it is, and who may do what. */
  client: Client;
  nodeName: string;
  tls: Pick<KubeletTls, "allowedUsers">;
}

/** @throws RequestError 401 for who is nobody, 403 for who may not */
export type Access = (request: IncomingMessage) => Promise<void>;

const ALLOWED = ["system:kube-apiserver", "kube-apiserver-kubelet-client"];

/**
 * Who may ask the kubelet: the API server by its client certificate; everybody else, by certificate or token, as the
 * API server's authorization says of nodes/metrics, nodes/stats, nodes/log and nodes/proxy. Source: Kubernetes, "Kubelet
 * authentication/authorization".
 */
export function createAccess({ client, nodeName, tls }: AccessOptions): Access {
  const tokenOwner = createTokenReviewer({ client });
  const mayDo = createAccessReviewer({ client });
  return async (request) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    const person = certificateOwner(request) ?? (token === undefined ? undefined : await tokenOwner(token));
    if (person === undefined)
      throw new RequestError(401, "Cannot serve this request: neither certificate nor token is known");
    if ((tls.allowedUsers ?? ALLOWED).includes(person.name)) return;
    if (person.groups?.includes("system:masters")) return;
    const subresource = subresourceOf(request.url ?? "/");
    const verb = request.method === "GET" ? "get" : "create";
    if (await mayDo(person, { verb, resource: "nodes", subresource, name: nodeName })) return;
    throw new RequestError(
      403,
      `Cannot serve user "${person.name}": it may not ${verb} nodes/${subresource} of "${nodeName}"`,
    );
  };
}

/** Whose certificate it is, if one of the authority's was shown. */
function certificateOwner({ socket }: IncomingMessage): UserInfo | undefined {
  const tls = socket as TLSSocket;
  if (!tls.authorized) return undefined;
  const { subject } = tls.getPeerCertificate();
  const name = [subject?.CN ?? ""].flat()[0] ?? "";
  return name === "" ? undefined : { name, groups: [subject?.O ?? []].flat() };
}

function subresourceOf(url: string): string {
  const [, first = ""] = url.split(/[/?]/);
  if (first === "metrics" || first === "stats") return first;
  return first === "logs" ? "log" : "proxy";
}
