import { type Deployment, Deployments, Namespaces, type Pod, Pods } from "@jdos/api";
import { type Client, createInformerFactory, type Stored } from "@jdos/client";
import { deployment } from "./deployment.ts";
import { percentile, timed } from "./measure.ts";
import { until } from "./programs.ts";
import { isReady } from "./scale-up.ts";

/** Pods of one Deployment at most, and Deployments of one namespace. */
const DEPLOYMENT_PODS = 500;
const NAMESPACE_DEPLOYMENTS = 5;

export interface Filling {
  /** Seconds until all Pods were seen ready; undefined when they were not in time. */
  seconds: number | undefined;
  ready: number;
}

/** Fills a cluster with Deployments of 500 Pods, and waits until all of them are ready or the time is over. */
export async function fillCluster(
  client: Client,
  { pods, timeoutSeconds }: { pods: number; timeoutSeconds: number },
): Promise<Filling> {
  const informers = createInformerFactory(client);
  let ready = 0;
  const see = (pod: Stored<Pod>, old?: Stored<Pod>): void => {
    ready += Number(isReady(pod)) - Number(old !== undefined && isReady(old));
  };
  informers.for(Pods).addHandlers({ added: (pod) => see(pod), updated: see });
  informers.start();
  await informers.waitForSync();
  const started = performance.now();
  for (const each of deployments(pods)) {
    const { namespace = "", name = "" } = each.metadata ?? {};
    if (name === "app-0") await client.create(Namespaces, { metadata: { name: namespace } });
    await client.create(Deployments, each);
  }
  const all = await until(async () => ready >= pods, timeoutSeconds).then(
    () => true,
    () => false,
  );
  const seconds = (performance.now() - started) / 1000;
  await informers.stop();
  return { seconds: all ? seconds : undefined, ready };
}

function* deployments(pods: number): Iterable<Deployment> {
  for (let left = pods, index = 0; left > 0; left -= DEPLOYMENT_PODS, index++) {
    const namespace = `scale-${Math.floor(index / NAMESPACE_DEPLOYMENTS)}`;
    const name = `app-${index % NAMESPACE_DEPLOYMENTS}`;
    yield deployment({ namespace, name, replicas: Math.min(left, DEPLOYMENT_PODS) });
  }
}

export interface ListLatency {
  name: string;
  seconds: number[];
  mib: number;
}

const LISTS: readonly { name: string; path: string }[] = [
  { name: "all Pods", path: "/api/v1/pods" },
  { name: "Pods of a namespace", path: "/api/v1/namespaces/scale-0/pods" },
  { name: "Pods by label", path: "/api/v1/pods?labelSelector=app%3Dapp-0" },
  { name: "500 Pods, the first page", path: "/api/v1/pods?limit=500" },
];

/** Reads each list several times to its last byte, without parsing it. */
export async function measureLists(client: Client, rounds: number): Promise<ListLatency[]> {
  const latencies = LISTS.map(({ name, path }) => ({ name, path, seconds: [] as number[], mib: 0 }));
  for (let round = 0; round < rounds; round++) {
    for (const each of latencies) {
      const { result, seconds } = await timed(() => readAll(client, each.path));
      each.seconds.push(seconds);
      each.mib = result / 1024 / 1024;
    }
  }
  return latencies;
}

async function readAll(client: Client, path: string): Promise<number> {
  const { body } = await client.raw({ path });
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes;
}

/** Pages through all Pods, 500 at a time. */
export async function pageThrough(
  client: Client,
): Promise<{ seconds: number; pods: number; slowest: number }> {
  let pods = 0;
  let slowest = 0;
  let token: string | undefined;
  const { seconds } = await timed(async () => {
    do {
      const page = await timed(() =>
        client.list(Pods, { limit: 500, ...(token === undefined ? {} : { continue: token }) }),
      );
      pods += page.result.items.length;
      slowest = Math.max(slowest, page.seconds);
      token = page.result.metadata.continue;
    } while (token !== undefined && token !== "");
  });
  return { seconds, pods, slowest };
}

export interface WatchLatency {
  p50: number;
  p99: number;
}

/** Milliseconds from the sending of a write to the sight of its event on a watch over all Pods. */
export async function measureWatch(client: Client, writes: number): Promise<WatchLatency> {
  const { items, metadata } = await client.list(Pods, { limit: writes });
  const stopping = new AbortController();
  const { resourceVersion } = metadata;
  const watch = await client.watch(Pods, { resourceVersion, signal: stopping.signal });
  const sentAt = new Map<string, number>();
  const millis: number[] = [];
  const watching = (async () => {
    for await (const event of watch) {
      if (event.type === "BOOKMARK") continue;
      const { uid, annotations } = event.object.metadata;
      const sent = sentAt.get(uid);
      if (sent === undefined || annotations?.written !== "yes") continue;
      sentAt.delete(uid);
      millis.push(performance.now() - sent);
    }
  })();
  for (const { metadata: pod } of items) {
    sentAt.set(pod.uid, performance.now());
    const body = { metadata: { annotations: { written: "yes" } } };
    await client.patch(Pods, { namespace: pod.namespace, name: pod.name }, { type: "merge", body });
  }
  await until(async () => sentAt.size === 0);
  stopping.abort();
  await watching;
  return { p50: percentile(millis, 50), p99: percentile(millis, 99) };
}
