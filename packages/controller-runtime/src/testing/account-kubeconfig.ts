import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Namespaces, ServiceAccounts } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

export interface AccountServer {
  /** May do everything. */
  client: Client;
  /** https://127.0.0.1:PORT */
  url: string;
  caPem: string;
}

export interface AccountOptions {
  /** Made when it is not there. */
  namespace: string;
  name: string;
  /** Where the file is written. */
  directory: string;
}

/** Makes a ServiceAccount and a kubeconfig with its token: what a Pod of it would have. Answers the file. */
export async function accountKubeconfig(
  { client, url, caPem }: AccountServer,
  { namespace, name, directory }: AccountOptions,
): Promise<string> {
  await unlessThere(client.create(Namespaces, { metadata: { name: namespace } }));
  await unlessThere(client.create(ServiceAccounts, { metadata: { namespace, name } }));
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    metadata: {},
    spec: { expirationSeconds: 3600 },
  };
  const answer = await client.createSubresource(ServiceAccounts, { namespace, name }, "token", request);
  const { token } = (answer as { status: { token: string } }).status;
  const path = join(directory, `${name}.kubeconfig`);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: name } }],
    clusters: [
      {
        name: "test",
        cluster: { server: url, "certificate-authority-data": Buffer.from(caPem).toString("base64") },
      },
    ],
    users: [{ name, user: { token } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

async function unlessThere(created: Promise<unknown>): Promise<void> {
  try {
    await created;
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}
