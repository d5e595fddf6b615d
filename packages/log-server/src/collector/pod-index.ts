import { APPLICATION_LABEL, applicationOfLabel, Pods, RELEASE_LABEL } from "@jdos/api";
import { type Client, createInformerFactory } from "@jdos/client";
import type { Logger, Running } from "@jdos/component-base";

/** Whose a Pod is. */
export interface PodOwner {
  readonly system: string;
  readonly application: string;
  readonly release: number;
  readonly pod: string;
}

/** The Pods of applications on one node. */
export interface PodIndex {
  /** False: an answer of undefined means nothing yet. */
  readonly synced: boolean;
  find(uid: string): PodOwner | undefined;
}

/** Follows the Pods of a node that are of applications; a system is their namespace. */
export function followPods(
  client: Client,
  { nodeName, log }: { nodeName: string; log: Logger },
): PodIndex & Running {
  const informers = createInformerFactory(client, { log });
  const selection = { labelSelector: APPLICATION_LABEL, fieldSelector: `spec.nodeName=${nodeName}` };
  const pods = informers.for(Pods, selection);
  pods.addIndex("uid", ({ metadata }) => [metadata.uid]);
  informers.start();
  return {
    get synced() {
      return pods.synced;
    },
    find(uid) {
      const [found] = pods.lister.byIndex("uid", uid);
      if (found === undefined) return undefined;
      const { namespace = "", name, labels = {} } = found.metadata;
      return {
        system: namespace,
        application: applicationOfLabel(labels[APPLICATION_LABEL] ?? ""),
        release: Number(/(\d+)$/.exec(labels[RELEASE_LABEL] ?? "")?.[1] ?? 0),
        pod: name,
      };
    },
    stop: () => informers.stop(),
  };
}
