/**
 * How requests are shared out between an application's own Pods and those of a Release that is tried, as annotations
 * of the Ingress <app>-canary: platform-controllers say the weight, whoever serves the Ingress follows it, and
 * load-balancer says what came of it. CANARY_ANNOTATION and CANARY_WEIGHT_ANNOTATION are those of ingress-nginx, which
 * other ingress controllers read too.
 */

/** "true": this Ingress takes a share of the requests of the one with the same hosts and paths. */
export const CANARY_ANNOTATION = "nginx.ingress.kubernetes.io/canary";
/** 0 to 100: percent of the requests. */
export const CANARY_WEIGHT_ANNOTATION = "nginx.ingress.kubernetes.io/canary-weight";
/** By load-balancer, at most every other second: a CanaryTraffic as JSON. Absent where another one serves the Ingress. */
export const CANARY_TRAFFIC_ANNOTATION = "jdos.io/canary-traffic";

/** What all replicas of the load balancer together answered since they lead requests by a weight. */
export interface CanaryTraffic {
  /** The weight that all of them lead by. */
  weight: number;
  canary: AnswerCounts;
  stable: AnswerCounts;
}

export interface AnswerCounts {
  requests: number;
  /** Of those, answered by 5xx. */
  errors: number;
}

/** A CanaryTraffic; undefined of anything else. */
export function readCanaryTraffic(text: string | undefined): CanaryTraffic | undefined {
  if (text === undefined) return undefined;
  try {
    const { weight, canary, stable } = JSON.parse(text) as Partial<CanaryTraffic>;
    if (typeof weight !== "number" || !areCounts(canary) || !areCounts(stable)) return undefined;
    return { weight, canary, stable };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function areCounts(value: Partial<AnswerCounts> | undefined): value is AnswerCounts {
  return typeof value?.requests === "number" && typeof value.errors === "number";
}
