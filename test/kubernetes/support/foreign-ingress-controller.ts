import { join } from "node:path";
import { IngressClasses } from "@jdos/api";
import { startPart } from "@jdos/controller-runtime/testing";
import { runHaproxy } from "@jdos/load-balancer/testing";
import type { Cluster } from "./cluster.ts";

export interface ForeignController {
  /** Of the Ingresses it serves. */
  ingressClass: string;
  /** Where it answers. */
  address: string;
  port: number;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, "../../../packages/load-balancer/src/main.ts");

/**
 * An Ingress controller that the platform knows nothing of, outside of the cluster, for a class of its own. It is one of
 * ours under another name, but knows no applications: it is told nothing but its class.
 */
export async function startForeignController(cluster: Cluster): Promise<ForeignController> {
  const { kubeconfig, layout, client } = cluster;
  const ingressClass = "elsewhere";
  await client.create(IngressClasses, {
    metadata: { name: ingressClass },
    spec: { controller: "example.org/elsewhere" },
  });
  const at = { address: layout.host, port: layout.names.ports.routes };
  const directory = join(layout.names.runDir, "elsewhere");
  const part = startPart(MAIN, [
    ...["--kubeconfig", kubeconfig, "--leader-election", "false", "--config-directory", directory],
    ...["--listen-address", at.address, "--http-port", String(at.port), "--ingress-class", ingressClass],
    ...["--publish-address", "elsewhere.example.org", "--load-balancer-services", "false"],
  ]);
  try {
    await part.said("Started part");
    const haproxy = await runHaproxy(directory);
    return {
      ingressClass,
      ...at,
      async stop() {
        await haproxy.stop();
        part.kill("SIGTERM");
        await part.ended;
      },
    };
  } catch (error) {
    part.kill("SIGKILL");
    throw error;
  }
}
