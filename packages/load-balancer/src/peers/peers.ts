import { text } from "node:stream/consumers";
import { type CanaryTraffic, EndpointSlices, readCanaryTraffic } from "@jdos/api";
import type { InformerFactory } from "@jdos/client";
import type { Logger } from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import type { Listenings } from "../model/listening.ts";
import { slicesOf } from "../read-world.ts";
import { fingerprint, LISTENING_PATH, ROUTED_TO_PATH, TRAFFIC_PATH } from "./peer-server.ts";

export interface PeersOptions {
  informers: InformerFactory;
  log: Logger;
  /** The Service behind which the replicas tell how far they are. */
  service: { namespace: string; name: string };
}

export interface ReplicaListening {
  address: string;
  /** Undefined: it is silent. */
  listenings: Listenings | undefined;
}

interface Replica {
  address: string;
  port: number;
}

const TIMEOUT_MILLIS = 1000;

/** The replicas that carry traffic, as the Service's ready endpoints name them. */
export class Peers {
  readonly #options: PeersOptions;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** Whether the HAProxy of each replica leads an Ingress ("namespace/name") to these Pods; one that is silent does not. */
  async agree(ingress: string, routedTo: string): Promise<boolean> {
    const wanted = fingerprint(routedTo);
    const answers = await this.#askAll(`${ROUTED_TO_PATH}${ingress}`);
    return answers.every((answer) => answer === wanted);
  }

  /** What each replica answered for an Ingress that shares requests; undefined of one that is silent. */
  async traffic(ingress: string): Promise<(CanaryTraffic | undefined)[]> {
    return (await this.#askAll(`${TRAFFIC_PATH}${ingress}`)).map(readCanaryTraffic);
  }

  #askAll(path: string): Promise<(string | undefined)[]> {
    return Promise.all(this.#replicas().map((replica) => this.#ask(replica, path)));
  }

  /** How the HAProxy of each replica listens for Services of type LoadBalancer. */
  async listening(): Promise<ReplicaListening[]> {
    return Promise.all(
      this.#replicas().map(async (replica) => {
        const answer = await this.#ask(replica, LISTENING_PATH);
        return { address: replica.address, listenings: parse(answer) };
      }),
    );
  }

  #replicas(): Replica[] {
    const { informers, service } = this.#options;
    return slicesOf(informers.for(EndpointSlices), service).flatMap(({ endpoints, ports }) => {
      const port = ports?.[0]?.port;
      const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return port === undefined ? [] : ready.map(({ addresses }) => ({ address: addresses[0] ?? "", port }));
    });
  }

  #ask({ address, port }: Replica, path: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const silent = (error: unknown): void => {
        this.#options.log.debug({ err: error, replica: address }, "A replica does not say how far it is");
        resolve(undefined);
      };
      const asked = http.get(
        { host: address, port, path, agent: false, timeout: TIMEOUT_MILLIS },
        (response) => void text(response).then(resolve, silent),
      );
      asked.on("timeout", () => asked.destroy(new Error("no answer in time")));
      asked.on("error", silent);
    });
  }
}

/** One that answers anything else, as an older replica does, says nothing. */
function parse(answer: string | undefined): Listenings | undefined {
  return answer?.startsWith("{") ? (JSON.parse(answer) as Listenings) : undefined;
}
