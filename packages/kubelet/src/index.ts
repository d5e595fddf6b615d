/**
 * The node agent: runs the Pods that the API assigns to this node on a container runtime (CRI), keeps their status
 * and the Node's, and serves their logs and streams to the API server.
 *
 * A Pod's life: the informer hands it to its worker (pod/pod-workers.ts); the worker compares it with what the
 * runtime holds (pod/actions.ts) and takes the next step (pod/sync-pod.ts), until it is ended (pod/end-pod.ts).
 * @module
 */
export { KubeletError, type KubeletErrorCode } from "./errors.ts";
export type { RegistryCredential } from "./image/credentials.ts";
export type { KubeletOptions, KubeletTls } from "./options.ts";
export { type Kubelet, start } from "./start.ts";
