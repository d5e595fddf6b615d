import { EndpointSlices, IngressClasses, Ingresses, Services } from "@jdos/api";
import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import { type Client, createInformerFactory, createWorkQueue } from "@jdos/client";
import type { Running } from "@jdos/component-base";
import { createEventRecorder } from "@jdos/controller-runtime";
import { Balancer } from "./balancer.ts";
import { LoadBalancerError } from "./errors.ts";
import { Haproxy } from "./haproxy/haproxy.ts";
import { KUBERNETES_PORTS } from "./model/node-ports.ts";
import { type LoadBalancerOptions, readOptions } from "./options.ts";
import { startPeerServer } from "./peers/peer-server.ts";
import { Peers } from "./peers/peers.ts";
import { indexWorld } from "./read-world.ts";
import { RequestMeter } from "./request-meter.ts";

const SYNC = "sync";
const CHECK = "check";

export interface RunningLoadBalancer extends Running {
  /** Writes statuses and Events until the signal fires; what HAProxy does goes on without. */
  lead(signal: AbortSignal, writer: Client): Promise<void>;
}

/**
 * Starts the load balancer; resolves when HAProxy's files say what the API server says. HAProxy itself may come
 * later. stop() leaves it as it is.
 */
export async function start(options: LoadBalancerOptions): Promise<RunningLoadBalancer> {
  const { leads, metrics, ...settings } = readOptions(options);
  const { client, log, clock, configDirectory, listenAddress, httpPort, checkSeconds } = settings;
  const informers = createInformerFactory(client, { log, clock });
  const events = createEventRecorder({ client, component: "load-balancer", log, clock });
  const haproxy = new Haproxy({ configDirectory, listenAddress, httpPort, log, clock });
  const nodePorts = settings.serviceAddresses === "replicas" ? KUBERNETES_PORTS : [];
  const reservedPorts = new Set([httpPort, ...nodePorts]);
  const peers = settings.peers && new Peers({ informers, log, service: settings.peers.service });
  const balancer = new Balancer({
    ...settings,
    requests: new RequestMeter(metrics),
    informers,
    events,
    haproxy,
    reservedPorts,
    peers,
  });
  if (leads) balancer.writer = client;
  const queue = createWorkQueue({ clock, maxDelayMillis: 2000 });
  const wake = (): void => queue.add(SYNC);
  indexWorld(informers);
  for (const type of [Ingresses, IngressClasses, Services, EndpointSlices] as ResourceType<KubeObject>[]) {
    informers.for(type).addHandlers({ added: wake, updated: wake, deleted: wake });
  }
  await haproxy.open();
  informers.start();
  await informers.waitForSync();
  const peerServer =
    settings.peers &&
    (await startPeerServer({
      ...settings.peers.listen,
      routedTo: (ingress) => balancer.routedTo(ingress),
      traffic: (ingress) => balancer.traffic(ingress),
      listening: () => balancer.listening(),
    }));

  async function round(task: string): Promise<void> {
    try {
      const againMillis = task === SYNC ? await balancer.sync() : await balancer.check();
      queue.forget(task);
      if (againMillis !== undefined) queue.addAfter(SYNC, againMillis);
    } catch (error) {
      const waits = error instanceof LoadBalancerError && error.code === "HaproxyUnreachable";
      if (waits) log.debug({ err: error }, "HAProxy does not answer yet");
      else log.warn({ err: error }, "Cannot bring HAProxy to what is wanted, trying again");
      queue.retry(task);
    } finally {
      if (task === CHECK) queue.addAfter(CHECK, checkSeconds * 1000);
    }
  }

  await round(SYNC);
  queue.start(round);
  queue.addAfter(CHECK, checkSeconds * 1000);
  return {
    async lead(signal, writer) {
      if (signal.aborted) return;
      balancer.writer = writer;
      wake();
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      balancer.writer = undefined;
    },
    async stop() {
      await peerServer?.stop();
      await queue.stop();
      await informers.stop();
      await events.stop();
    },
  };
}
