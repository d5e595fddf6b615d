/** Where the platform runs that the end-to-end tests try: the embedded engine of this machine, or a cluster. */
export type Target = "embedded" | "kubernetes";

/** An installation in a cluster, as the tests reach it. */
export interface ClusterTarget {
  kubeconfig: string;
  /** Where HAProxy answers. */
  routes: { address: string; port: number };
  /** This machine as Pods see it. */
  hostAddress: string;
  /** "HOST/PATH": images are IMAGES/<system>/<application>. */
  images: string;
}

/** JDOS_E2E_TARGET; the embedded engine when nothing is said. */
export const TARGET: Target = process.env.JDOS_E2E_TARGET === "kubernetes" ? "kubernetes" : "embedded";

/** The installation that the runner of the tests made, JSON in JDOS_E2E_CLUSTER. */
export function clusterTarget(): ClusterTarget {
  const given = process.env.JDOS_E2E_CLUSTER;
  if (given === undefined) throw new Error("JDOS_E2E_TARGET is kubernetes: JDOS_E2E_CLUSTER is missing");
  return JSON.parse(given) as ClusterTarget;
}

/** Options of a test that one target cannot run, with the reason that docs/parity.md prints. */
export function except(target: Target, reason: string): { skip: string | false } {
  return { skip: TARGET === target ? reason : false };
}
