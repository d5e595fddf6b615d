import type {
  Application,
  Deployment,
  Ingress,
  Pod,
  Release,
  ReplicaSet,
  RolloutStatus,
  Service,
} from "@jdos/api";
import type { Stored } from "@jdos/client";

/** What a rollout is planned from: the objects as they are at one moment. */
export interface RolloutWorld {
  readonly application: Stored<Application>;
  /** The Release that spec.release names; intact. */
  readonly wanted: Stored<Release>;
  /** The Release that serves, where it is there and intact. */
  readonly stable?: Stored<Release>;
  /** The application's own Deployment. */
  readonly own?: Stored<Deployment>;
  readonly service?: Stored<Service>;
  readonly ingress?: Stored<Ingress>;
  readonly beside: Beside;
  /** Of the wanted Release. */
  readonly pods: readonly Stored<Pod>[];
  /** The application's own, of whatever Release, without those that are on their way out. */
  readonly ownPods: readonly Stored<Pod>[];
  /** Of the application's own Deployment; read where its Pods are to be changed in place. */
  readonly replicaSets: readonly Stored<ReplicaSet>[];
  readonly now: Date;
}

/** What stands beside the application's own objects while a Release is tried; of this application alone. */
export interface Beside {
  readonly deployment?: Stored<Deployment>;
  readonly service?: Stored<Service>;
  readonly ingress?: Stored<Ingress>;
  /** The Release it is rendered from, where that is still there. */
  readonly release?: Stored<Release>;
  readonly pods: readonly Stored<Pod>[];
}

/** What is to be written now. */
export interface RolloutPlan {
  /** The Release that the application's own Pods are rendered from. */
  readonly own: Stored<Release>;
  /** Nothing leads to its own Pods: all of them may be replaced at once. */
  readonly ownIdle?: boolean;
  /** Whether its own Deployment makes no ReplicaSet meanwhile. Absent: nothing is said of it. */
  readonly paused?: boolean;
  /** Is to have the template of the own Deployment. */
  readonly adopts?: Stored<ReplicaSet>;
  readonly podSteps?: readonly PodStep[];
  /** While Pods are changed in place: how many are the wanted Release's and serve. */
  readonly changed?: number;
  /** Which Pods the application's Service and Ingress lead to, and the Release these are rendered from. */
  readonly front: { readonly to: "own" | "beside"; readonly release: Stored<Release> };
  readonly beside?: BesidePlan;
  readonly status?: RolloutStatus;
  /** The wanted Release is to be left for `stable`, for this reason. */
  readonly leave?: string;
  readonly againSeconds?: number;
}

/** What is done with a Pod in place. */
export type PodStep =
  /** No requests go to it from now on. */
  | { readonly action: "close"; readonly pod: Stored<Pod> }
  /** It gets the image and the Release of its ReplicaSet. */
  | { readonly action: "change"; readonly pod: Stored<Pod>; readonly to: Stored<ReplicaSet> }
  /** Requests may go to it when it is ready. */
  | { readonly action: "open"; readonly pod: Stored<Pod> };

export type BesidePlan =
  /** To be as it is rendered from the wanted Release; `weight` only where an Ingress is to share requests out. */
  | { readonly action: "render"; readonly replicas: number; readonly weight?: number }
  /** No requests go there from now on. */
  | { readonly action: "turnAway" }
  | { readonly action: "remove" };

/** The number that the Pods of a Release carry. */
export function podsNumber({
  spec,
}: {
  readonly spec: { readonly number: number; readonly podsOf?: number };
}): number {
  return spec.podsOf ?? spec.number;
}
