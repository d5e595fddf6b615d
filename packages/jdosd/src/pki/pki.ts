import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CLUSTER_DOMAIN, type InstanceNames, type KeyPair } from "@jdos/component-base";
import { ensureAuthority, ensureCertificate, writeSecret } from "./key-files.ts";

/** Every key of one instance; all of them lie in the data directory's pki/. */
export interface Pki {
  readonly authority: KeyPair;
  /** The API server's own. */
  readonly apiserver: KeyPair;
  /** The API server as a client of kubelets. */
  readonly apiserverKubeletClient: KeyPair;
  /** The kubelet's server. */
  readonly kubelet: KeyPair;
  /** Signs service account tokens: PKCS#8 PEM. */
  readonly serviceAccountKeyPem: string;
  /** Signs the registry's tokens; an authority of its own, for the registry trusts nothing else. */
  readonly registryToken: KeyPair;
  /** A client certificate for a user of the API server. */
  clientCertificate(name: string, groups: readonly string[]): Promise<KeyPair>;
}

export interface PkiOptions {
  directory: string;
  names: InstanceNames;
  nodeName: string;
  /** Addresses people may use beside 127.0.0.1. */
  addresses?: readonly string[];
}

/** Reads the keys, and makes those that are missing or end soon. */
export async function ensurePki({ directory, names, nodeName, addresses = [] }: PkiOptions): Promise<Pki> {
  const authority = await ensureAuthority(directory, "ca", "jdos");
  const issue = (name: string, request: Parameters<typeof ensureCertificate>[2]["request"]) =>
    ensureCertificate(directory, name, { authority, request });
  const [apiserver, apiserverKubeletClient, kubelet, registryToken, serviceAccountKeyPem] = await Promise.all(
    [
      issue("apiserver", {
        commonName: "kube-apiserver",
        usages: ["server"],
        dnsNames: [
          "localhost",
          "kubernetes",
          "kubernetes.default",
          "kubernetes.default.svc",
          `kubernetes.default.svc.${CLUSTER_DOMAIN}`,
          nodeName,
        ],
        ipAddresses: [...new Set(["127.0.0.1", names.pods.gateway, names.services.kubernetes, ...addresses])],
      }),
      issue("apiserver-kubelet-client", {
        commonName: "kube-apiserver-kubelet-client",
        organizations: ["system:masters"],
        usages: ["client"],
      }),
      issue("kubelet", {
        commonName: `system:node:${nodeName}`,
        organizations: ["system:nodes"],
        usages: ["server"],
        dnsNames: [nodeName, "localhost"],
        ipAddresses: [...new Set(["127.0.0.1", names.pods.gateway])],
      }),
      ensureAuthority(directory, "registry-token", "jdos registry tokens"),
      ensureSigningKey(join(directory, "service-account.key")),
    ],
  );
  return {
    authority,
    apiserver,
    apiserverKubeletClient,
    kubelet,
    registryToken,
    serviceAccountKeyPem,
    clientCertificate: (name, groups) =>
      issue(`client-${name.replaceAll(/[^\w.-]/g, "_")}`, {
        commonName: name,
        organizations: groups,
        usages: ["client"],
      }),
  };
}

async function ensureSigningKey(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  await writeSecret(path, pem);
  return pem;
}
