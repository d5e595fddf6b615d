import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createCertificateAuthority, issueCertificate, type KeyPair } from "@jdos/component-base";
import { type ClusterLayout, nodeLayout } from "./layout.ts";

/** Who acts in a cluster beside its users. Source: Kubernetes, "PKI certificates and requirements". */
const USERS: Readonly<Record<string, { commonName: string; organizations?: string[] }>> = {
  admin: { commonName: "admin", organizations: ["system:masters"] },
  "controller-manager": { commonName: "system:kube-controller-manager" },
  scheduler: { commonName: "system:kube-scheduler" },
  "kube-proxy": { commonName: "system:kube-proxy" },
};

/** Writes every key, certificate and kubeconfig of a cluster. */
export async function writePki(layout: ClusterLayout, nodes: number): Promise<void> {
  await mkdir(layout.pki, { recursive: true, mode: 0o700 });
  const authority = await createCertificateAuthority({ commonName: "kubernetes" });
  const frontProxy = await createCertificateAuthority({ commonName: "front-proxy" });
  await writePair(layout, "ca", authority);
  await writePair(layout, "front-proxy-ca", frontProxy);
  await writePair(layout, "apiserver", await serverOf(layout, authority));
  const kubeletClient = { commonName: "kube-apiserver-kubelet-client", organizations: ["system:masters"] };
  await writePair(
    layout,
    "kubelet-client",
    await issueCertificate(authority, { ...kubeletClient, usages: ["client"] }),
  );
  const proxyClient = await issueCertificate(frontProxy, {
    commonName: "front-proxy-client",
    usages: ["client"],
  });
  await writePair(layout, "front-proxy-client", proxyClient);
  await writeServiceAccountKeys(layout);
  for (const [name, user] of Object.entries(USERS)) await writeUser(layout, authority, { name, ...user });
  for (let number = 1; number <= nodes; number++) await writeNode(layout, authority, number);
}

export function kubeconfigOf(layout: ClusterLayout, user: string): string {
  return join(layout.pki, `${user}.kubeconfig`);
}

function serverOf(layout: ClusterLayout, authority: KeyPair): Promise<KeyPair> {
  const service = "kubernetes.default.svc";
  return issueCertificate(authority, {
    commonName: "kube-apiserver",
    dnsNames: ["localhost", "kubernetes", "kubernetes.default", service, `${service}.cluster.local`],
    ipAddresses: ["127.0.0.1", layout.host, layout.names.services.kubernetes],
    usages: ["server"],
  });
}

async function writeNode(layout: ClusterLayout, authority: KeyPair, number: number): Promise<void> {
  const { name, address } = nodeLayout(layout, number);
  const server = { commonName: name, dnsNames: [name], ipAddresses: [address, "127.0.0.1"] };
  await writePair(
    layout,
    `${name}-server`,
    await issueCertificate(authority, { ...server, usages: ["server"] }),
  );
  await writeUser(layout, authority, {
    name,
    commonName: `system:node:${name}`,
    organizations: ["system:nodes"],
  });
}

async function writeServiceAccountKeys({ pki }: ClusterLayout): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = privateKey.export({ type: "pkcs1", format: "pem" });
  await writeFile(join(pki, "service-account.key"), key, { mode: 0o600 });
  await writeFile(join(pki, "service-account.pub"), publicKey.export({ type: "spki", format: "pem" }));
}

async function writePair({ pki }: ClusterLayout, name: string, { certPem, keyPem }: KeyPair): Promise<void> {
  await writeFile(join(pki, `${name}.crt`), certPem);
  await writeFile(join(pki, `${name}.key`), keyPem, { mode: 0o600 });
}

interface ClusterUser {
  name: string;
  commonName: string;
  organizations?: string[];
}

async function writeUser(
  layout: ClusterLayout,
  authority: KeyPair,
  { name, ...subject }: ClusterUser,
): Promise<void> {
  const { certPem, keyPem } = await issueCertificate(authority, { ...subject, usages: ["client"] });
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const server = `https://${layout.host}:${layout.ports.api}`;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: name } }],
    clusters: [
      { name: "test", cluster: { server, "certificate-authority-data": base64(authority.certPem) } },
    ],
    users: [
      { name, user: { "client-certificate-data": base64(certPem), "client-key-data": base64(keyPem) } },
    ],
  };
  await writeFile(kubeconfigOf(layout, name), JSON.stringify(config), { mode: 0o600 });
}
