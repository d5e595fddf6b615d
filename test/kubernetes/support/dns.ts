import { resolve } from "node:path";
import { Endpoints, Services } from "@jdos/api";
import type { Client } from "@jdos/client";
import type { ClusterLayout } from "./layout.ts";
import { kubeconfigOf } from "./pki.ts";
import { Program } from "./program.ts";

const MAIN = resolve(import.meta.dirname, "../../../packages/dns/src/main.ts");

/** The project's own name server as a process of the host, behind a Service without a selector. */
export async function dnsProgram(layout: ClusterLayout, admin: Client): Promise<Program> {
  const { host, ports } = layout;
  await createService(layout, admin);
  const health = `${host}:${ports.dns + 1}`;
  return new Program({
    name: "dns",
    layout,
    argv: [
      process.execPath,
      ...["--disable-warning=ExperimentalWarning", MAIN, "--kubeconfig", kubeconfigOf(layout, "admin")],
      ...["--listen-address", host, "--port", `${ports.dns}`, "--health-address", health],
    ],
    ready: async () => (await fetch(`http://${health}/readyz`)).ok,
  });
}

async function createService({ names, host, ports }: ClusterLayout, admin: Client): Promise<void> {
  const metadata = { namespace: "kube-system", name: "kube-dns", labels: { "k8s-app": "kube-dns" } };
  const entries = [
    { name: "dns", port: 53, protocol: "UDP" },
    { name: "dns-tcp", port: 53, protocol: "TCP" },
  ];
  await admin.create(Services, {
    metadata,
    spec: {
      clusterIP: names.services.dns,
      ports: entries.map((entry) => ({ ...entry, targetPort: ports.dns })),
    },
  });
  await admin.create(Endpoints, {
    metadata,
    subsets: [{ addresses: [{ ip: host }], ports: entries.map((entry) => ({ ...entry, port: ports.dns })) }],
  });
}
