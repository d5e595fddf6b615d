import type { KeyPair } from "@jdos/component-base";
import { stringify } from "yaml";

export interface KubeconfigOptions {
  server: string;
  caPem: string;
  user: string;
  client: KeyPair;
  /** Name of cluster and context: what kubectl config get-contexts shows. */
  name: string;
}

/** A kubeconfig that needs no other file. */
export function kubeconfigText({ server, caPem, user, client, name }: KubeconfigOptions): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server, "certificate-authority-data": base64(caPem) } }],
      users: [
        {
          name: user,
          user: {
            "client-certificate-data": base64(client.certPem),
            "client-key-data": base64(client.keyPem),
          },
        },
      ],
      contexts: [{ name, context: { cluster: name, user } }],
      "current-context": name,
    },
    { lineWidth: 0 },
  );
}
