import { resolve } from "node:path";

/** The repository's tree. */
export const REPOSITORY = resolve(import.meta.dirname, "../../../..");
export const MANIFESTS = resolve(REPOSITORY, "manifests");
export const CLUSTER_MANIFESTS = resolve(MANIFESTS, "cluster");
