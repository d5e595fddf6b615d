import { CANARY_TRAFFIC_ANNOTATION, type CanaryTraffic, readCanaryTraffic } from "@jdos/api";
import { deepEqual } from "@jdos/apimachinery";
import type { Client, InformerFactory } from "@jdos/client";
import type { Clock, Logger } from "@jdos/component-base";
import type { EventRecorder } from "@jdos/controller-runtime";
import { CanaryMeter, sumOfReplicas } from "./canary-meter.ts";
import { LoadBalancerError } from "./errors.ts";
import { backendCounts } from "./haproxy/backend-counts.ts";
import type { Haproxy } from "./haproxy/haproxy.ts";
import { buildDesired, type Problem, type World } from "./model/build-desired.ts";
import type { Canary, Desired } from "./model/desired.ts";
import { type Listenings, listeningOf } from "./model/listening.ts";
import type { Peers } from "./peers/peers.ts";
import { routePlaces } from "./places.ts";
import { canListen } from "./port-probe.ts";
import { type ReadWorldOptions, readWorld } from "./read-world.ts";
import type { RequestMeter } from "./request-meter.ts";
import { servicePlaces } from "./service-places.ts";
import { nameOf, routedTo, writeStatus, writeTraffic } from "./write-status.ts";

export interface BalancerOptions extends ReadWorldOptions {
  informers: InformerFactory;
  events: EventRecorder;
  haproxy: Haproxy;
  requests: RequestMeter;
  log: Logger;
  clock: Clock;
  listenAddress: string;
  publishAddress: string;
  publishService?: { namespace: string; name: string } | undefined;
  serviceAddresses: "published" | "replicas";
  /** The other replicas; none: this one carries all traffic. */
  peers: Peers | undefined;
}

/** How long until a port that another process has is tried again. */
const BUSY_PORT_MILLIS = 10_000;
/** How often what came of shared requests is said. */
const TELL_MILLIS = 1900;
/** How often requests are counted for who reads metrics. */
const COUNT_MILLIS = 5000;
/** How long until replicas that lag are asked again. */
const LAGGING_MILLIS = 100;

/** Reads the world and brings HAProxy there; one round serves all changes that came before it. */
export class Balancer {
  readonly #options: BalancerOptions;
  #reported = new Set<string>();
  /** Writes statuses; undefined while another replica does. */
  #writer: Client | undefined;
  /** What HAProxy was last brought to. */
  #applied: { world: World; desired: Desired } | undefined;
  readonly #meter = new CanaryMeter();
  #countedAt = Number.NEGATIVE_INFINITY;
  /** When it was last told what came of an Ingress's share. */
  readonly #saidAt = new Map<string, number>();

  constructor(options: BalancerOptions) {
    this.#options = options;
  }

  /** By which client it says in statuses and Events what it did, from the next round on; undefined: not at all. */
  set writer(writer: Client | undefined) {
    this.#writer = writer;
    this.#reported.clear();
  }

  /** The Pods that this replica's HAProxy leads an Ingress ("namespace/name") to; undefined for one it does not know. */
  routedTo(ingress: string): string | undefined {
    if (this.#applied === undefined) return undefined;
    const { world } = this.#applied;
    const found = world.ingresses.find((one) => nameOf(one) === ingress);
    return found === undefined ? undefined : routedTo(found, world);
  }

  /** How this replica's HAProxy listens for Services of type LoadBalancer. */
  listening(): Listenings {
    if (this.#applied === undefined) return {};
    const { world, desired } = this.#applied;
    return Object.fromEntries(
      world.loadBalancerServices.map((service) => [nameOf(service), listeningOf(service, desired)]),
    );
  }

  /** What this replica's HAProxy answered for an Ingress ("namespace/name") that shares requests. */
  traffic(ingress: string): CanaryTraffic | undefined {
    return this.#meter.traffic(ingress);
  }

  /**
   * Milliseconds until it has to look again although nothing changed: another process has a port that is asked for,
   * or other replicas lag.
   * @throws what HAProxy or the API server refuses; the caller tries again.
   */
  async sync(): Promise<number | undefined> {
    const { informers, haproxy } = this.#options;
    const world = readWorld(informers, this.#options);
    const busyPorts = await this.#busyPorts(buildDesired(world).desired);
    const possible = { ...world, reservedPorts: new Set([...world.reservedPorts, ...busyPorts]) };
    const { desired, problems } = buildDesired(possible);
    if (this.#writer !== undefined) this.#report(problems);
    // Another may stand in a backend after this.
    await this.#count().catch(unlessUnreachable);
    await haproxy.apply(desired);
    this.#applied = { world, desired };
    await this.#measure();
    const { complete, refused } = await this.#tell(world, desired);
    if (!complete) return LAGGING_MILLIS;
    return busyPorts.length > 0 || refused ? BUSY_PORT_MILLIS : undefined;
  }

  async #tell(world: World, desired: Desired): Promise<{ complete: boolean; refused: boolean }> {
    if (this.#writer === undefined) return { complete: true, refused: false };
    const { informers, publishAddress, serviceAddresses, peers } = this.#options;
    const services = world.loadBalancerServices.length + world.formerServices.length;
    const replicas = serviceAddresses === "replicas" && services > 0 ? await peers?.listening() : undefined;
    return writeStatus(this.#writer, {
      world,
      places: routePlaces(informers, this.#options),
      ownAddresses: new Set(replicas?.map(({ address }) => address) ?? [publishAddress]),
      servicePlaces: (service) => servicePlaces(service, { desired, publishAddress, replicas }),
      agreed: async (ingress, pods) => peers?.agree(ingress, pods) ?? true,
    });
  }

  /** A worker with a port that it cannot have does not start, and pauses the one that serves while it tries. */
  async #busyPorts({ tcp }: Desired): Promise<number[]> {
    const { haproxy, listenAddress } = this.#options;
    const busy: number[] = [];
    for (const { port } of tcp) {
      if (!haproxy.servedPorts.has(port) && !(await canListen(listenAddress, port))) busy.push(port);
    }
    return busy;
  }

  /** Notices that HAProxy was restarted, and counts what it answered. */
  async check(): Promise<undefined> {
    try {
      await this.#options.haproxy.converge();
      await this.#measure();
      if (this.#options.clock.monotonicMillis() - this.#countedAt >= COUNT_MILLIS) await this.#count();
    } catch (error) {
      unlessUnreachable(error);
    }
  }

  /** Counts the requests of each application. */
  async #count(): Promise<void> {
    if (this.#applied === undefined) return;
    const { haproxy, requests, clock } = this.#options;
    const { backends } = this.#applied.desired;
    const owners = new Map(
      backends.flatMap(({ name, owner }) => (owner === undefined ? [] : [[name, owner]])),
    );
    requests.measure(await haproxy.counted(), owners);
    this.#countedAt = clock.monotonicMillis();
  }

  /** Counts what came of shared requests, and says it on their Ingresses now and then; a new weight at once. */
  async #measure(): Promise<void> {
    const canaries: readonly Canary[] = this.#applied?.desired.canaries ?? [];
    if (canaries.length === 0 && this.#saidAt.size === 0) return;
    this.#meter.measure(canaries, backendCounts(await this.#options.haproxy.counted()));
    for (const name of this.#saidAt.keys())
      if (!canaries.some(({ ingress }) => ingress === name)) this.#saidAt.delete(name);
    if (this.#writer === undefined) return;
    for (const { ingress } of canaries) await this.#tellTraffic(this.#writer, ingress);
  }

  async #tellTraffic(writer: Client, name: string): Promise<void> {
    const { peers, clock } = this.#options;
    const found = this.#applied?.world.ingresses.find((one) => nameOf(one) === name);
    const mine = this.#meter.traffic(name);
    if (found === undefined || mine === undefined) return;
    const said = readCanaryTraffic(found.metadata.annotations?.[CANARY_TRAFFIC_ANNOTATION]);
    const at = this.#saidAt.get(name) ?? Number.NEGATIVE_INFINITY;
    if (said?.weight === mine.weight && clock.monotonicMillis() - at < TELL_MILLIS) return;
    const replicas = (await peers?.traffic(name)) ?? [];
    const traffic = sumOfReplicas(replicas.length === 0 ? [mine] : replicas);
    if (traffic === undefined || deepEqual(said, traffic)) return;
    await writeTraffic(writer, found, traffic);
    this.#saidAt.set(name, clock.monotonicMillis());
  }

  /** One Event a problem, until it is gone. */
  #report(problems: readonly Problem[]): void {
    const now = new Set<string>();
    for (const { about, reason, message } of problems) {
      const key = `${about.metadata.uid} ${reason} ${message}`;
      now.add(key);
      if (!this.#reported.has(key)) this.#options.events.event(about, "Warning", reason, message);
    }
    this.#reported = now;
  }
}

/** Not being there is no error: it reads the files when it comes. */
function unlessUnreachable(error: unknown): void {
  if (!(error instanceof LoadBalancerError && error.code === "HaproxyUnreachable")) throw error;
}
