import { Leases } from "@jdos/api";
import { formatMicroTime, StatusError } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Clock } from "@jdos/component-base";

const NAMESPACE = "kube-node-lease";
const DURATION_SECONDS = 40;

/** Renews the lease that says the node is alive. */
export async function renewNodeLease(client: Client, nodeName: string, clock: Clock): Promise<void> {
  const renewTime = formatMicroTime(clock.now());
  const key = { namespace: NAMESPACE, name: nodeName };
  const spec = { holderIdentity: nodeName, leaseDurationSeconds: DURATION_SECONDS, renewTime };
  try {
    await client.patch(Leases, key, { type: "merge", body: { spec } });
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "NotFound") throw error;
    await client.create(Leases, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: key, spec });
  }
}
