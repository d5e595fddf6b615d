import type { Node, Pod } from "@jdos/api";
import { type DeepReadonly, formatKey, keyOf } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { addResources, noResources, podRequests, type Resources, readResources } from "./pod-resources.ts";

type Taint = NonNullable<NonNullable<DeepReadonly<Node>["spec"]>["taints"]>[number];
type Image = NonNullable<NonNullable<DeepReadonly<Node>["status"]>["images"]>[number];

const SOFT = "PreferNoSchedule";

/** A node as the scheduler sees it: what it has, what is promised to Pods, and which host ports are taken. */
export class NodeInfo {
  node: Stored<Node>;
  allocatable: Resources;
  maxPods: number;
  unschedulable = false;
  /** Taints that keep Pods away, and those that are only avoided. */
  hardTaints: readonly Taint[] = [];
  softTaints: readonly Taint[] = [];
  images: readonly Image[] = [];
  readonly requested: Resources = noResources();
  readonly pods = new Map<string, Stored<Pod>>();
  /** Those of `pods` that keep others away by required anti-affinity. */
  readonly guarded = new Map<string, Stored<Pod>>();
  /** Pods for which others were made to leave: room is kept for them against those of lower priority. */
  readonly nominated = new Map<string, Stored<Pod>>();
  /** "TCP 0.0.0.0 8080" -> how many Pods say so. */
  readonly #hostPorts = new Map<string, number>();

  constructor(node: Stored<Node>) {
    this.node = node;
    this.allocatable = noResources();
    this.maxPods = 0;
    this.update(node);
  }

  update(node: Stored<Node>): void {
    this.node = node;
    const allocatable = node.status?.allocatable ?? node.status?.capacity;
    this.allocatable = readResources(allocatable);
    this.maxPods = Number(allocatable?.pods ?? 0);
    this.unschedulable = node.spec?.unschedulable === true;
    this.images = node.status?.images ?? [];
    const taints = node.spec?.taints ?? [];
    this.softTaints = taints.filter(({ effect }) => effect === SOFT);
    this.hardTaints = taints.filter(({ effect }) => effect !== SOFT);
  }

  /** This node with the nominated Pods that go before `pod` counted on it. */
  withNominated(pod: Stored<Pod>): NodeInfo {
    if (this.nominated.size === 0) return this;
    const key = formatKey(keyOf(pod));
    const first = [...this.nominated].filter(
      ([other, { spec }]) => other !== key && (spec?.priority ?? 0) >= (pod.spec?.priority ?? 0),
    );
    if (first.length === 0) return this;
    const thought = this.without(() => false);
    for (const [, other] of first) thought.addPod(other);
    return thought;
  }

  /** A copy, in thought, without some of the Pods. */
  without(leaves: (pod: Stored<Pod>) => boolean): NodeInfo {
    const thought = new NodeInfo(this.node);
    for (const pod of this.pods.values()) if (!leaves(pod)) thought.addPod(pod);
    return thought;
  }

  addPod(pod: Stored<Pod>): void {
    this.removePod(pod);
    this.pods.set(formatKey(keyOf(pod)), pod);
    if (pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined) {
      this.guarded.set(formatKey(keyOf(pod)), pod);
    }
    addResources(this.requested, podRequests(pod));
    for (const port of hostPortsOf(pod)) this.#hostPorts.set(port, (this.#hostPorts.get(port) ?? 0) + 1);
  }

  removePod(pod: Stored<Pod>): void {
    const key = formatKey(keyOf(pod));
    const present = this.pods.get(key);
    if (present === undefined) return;
    this.pods.delete(key);
    this.guarded.delete(key);
    addResources(this.requested, podRequests(present), -1);
    for (const port of hostPortsOf(present)) this.#hostPorts.set(port, (this.#hostPorts.get(port) ?? 1) - 1);
  }

  /** True when another Pod has the host port on the same address, or either of the two has it on every address. */
  hasPortConflict(port: string): boolean {
    const [protocol, address, number] = port.split(" ");
    for (const [taken, count] of this.#hostPorts) {
      if (count <= 0) continue;
      const [takenProtocol, takenAddress, takenNumber] = taken.split(" ");
      if (takenProtocol !== protocol || takenNumber !== number) continue;
      if (address === ANY_ADDRESS || takenAddress === ANY_ADDRESS || takenAddress === address) return true;
    }
    return false;
  }
}

const ANY_ADDRESS = "0.0.0.0";

/** The host ports a Pod wants, as "protocol address port". */
export function hostPortsOf(pod: Stored<Pod>): string[] {
  const ports: string[] = [];
  for (const container of pod.spec?.containers ?? []) {
    for (const port of container.ports ?? []) {
      if (port.hostPort === undefined || port.hostPort === 0) continue;
      ports.push(`${port.protocol ?? "TCP"} ${port.hostIP || ANY_ADDRESS} ${port.hostPort}`);
    }
  }
  return ports;
}
