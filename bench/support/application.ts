import {
  Applications,
  Deployments,
  EndpointSlices,
  Endpoints,
  Pods,
  ResourceQuotas,
  Services,
  Systems,
} from "@jdos/api";
import { isConditionTrue, parseQuantity } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { until } from "./programs.ts";

const SYSTEM = "scale";
/** The Application that is scaled, and what the platform's controllers render of it. */
export const APPLICATION = { namespace: SYSTEM, name: "scaled" };
const IMAGE = `registry.jdos.internal/${SYSTEM}/${APPLICATION.name}@sha256:${"a".repeat(64)}`;
const CPU_MILLIS = 100;
const MEMORY_MIB = 64;

/**
 * A System whose quota has room for twice so many Pods, and an Application without Pods in it. Resolves when its
 * Deployment, its Service and the quota are there.
 */
export async function createApplication(client: Client, pods: number): Promise<void> {
  const quota = {
    pods: 2 * pods,
    cpu: `${2 * pods * CPU_MILLIS}m`,
    memory: `${2 * pods * MEMORY_MIB}Mi`,
  };
  await client.create(Systems, { metadata: { name: SYSTEM }, spec: { quota } });
  await until(async () =>
    isConditionTrue((await client.get(Systems, { name: SYSTEM })).status?.conditions, "Ready"),
  );
  await client.create(Applications, {
    metadata: APPLICATION,
    spec: {
      replicas: 0,
      source: { image: { reference: IMAGE } },
      run: { cpu: `${CPU_MILLIS}m`, memory: `${MEMORY_MIB}Mi`, ports: [{ name: "http", port: 8080 }] },
    },
  });
  for (const type of [Deployments, Services, Endpoints] as (typeof Deployments)[])
    await until(async () => (await client.get(type, APPLICATION)) !== undefined);
  await untilUnused(client, 30);
}

export async function setReplicas(client: Client, replicas: number): Promise<void> {
  await client.patch(Applications, APPLICATION, { type: "merge", body: { spec: { replicas } } });
}

/** Pods that the Service's EndpointSlices show as ready. */
export async function readyInSlices(client: Client): Promise<number> {
  const labelSelector = `kubernetes.io/service-name=${APPLICATION.name}`;
  const { items } = await client.list(EndpointSlices, { namespace: SYSTEM, labelSelector });
  // Kubernetes 1.20 writes null where there are none.
  return items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready === true).length;
}

/** Pods that the Service's Endpoints object shows as ready. */
export async function readyInEndpoints(client: Client): Promise<number> {
  const { subsets = [] } = await client.get(Endpoints, APPLICATION);
  return subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
}

/** Pods that the quota's status counts; undefined before it has one. */
export async function countedByQuota(client: Client): Promise<number | undefined> {
  const { items } = await client.list(ResourceQuotas, { namespace: SYSTEM });
  const used = items[0]?.status?.used?.pods;
  return used === undefined ? undefined : parseQuantity(used);
}

/** Resolves when no Pod is left, in the quota and the Service neither. */
export async function untilUnused(client: Client, timeoutSeconds: number): Promise<void> {
  await until(
    async () =>
      (await client.list(Pods, { namespace: SYSTEM, limit: 1 })).items.length === 0 &&
      (await countedByQuota(client)) === 0 &&
      (await readyInEndpoints(client)) === 0 &&
      (await readyInSlices(client)) === 0,
    timeoutSeconds,
  );
}
