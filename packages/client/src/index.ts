/**
 * The Kubernetes API as its users see it: the Client (over HTTP here, in process in @jdos/apiserver), informers
 * that keep a Kind in memory, and the work queue that controllers drain.
 * @module
 */
export { type BackOffOptions, backOffMillis } from "./back-off.ts";
export type * from "./client.ts";
export { type InClusterOptions, loadInClusterConfig } from "./config/in-cluster.ts";
export { type LoadedKubeconfig, type LoadKubeconfigOptions, loadKubeconfig } from "./config/kubeconfig.ts";
export { asServed } from "./discovery/as-served.ts";
export { readJson } from "./discovery/read-json.ts";
export {
  isOlder,
  OLDEST_KUBERNETES,
  readServerVersion,
  requireServerVersion,
  type ServerVersion,
} from "./discovery/server-version.ts";
export {
  ClientError,
  ConfigError,
  GarbledError,
  SilentError,
  TransportError,
  UnsupportedError,
} from "./errors.ts";
export { createHttpClient, type HttpClientOptions } from "./http/http-client.ts";
export { type FollowOptions, followObjects } from "./informer/follow-objects.ts";
export { createInformerFactory, type InformerFactoryOptions } from "./informer/informer-factory.ts";
export { ObjectStore } from "./informer/object-store.ts";
export type * from "./informer-contract.ts";
export {
  type AccessAttributes,
  type AccessReviewer,
  type AccessReviewerOptions,
  createAccessReviewer,
} from "./reviews/access-review.ts";
export {
  createTokenReviewer,
  type TokenReviewer,
  type TokenReviewerOptions,
} from "./reviews/token-review.ts";
export { createWorkQueue, type WorkQueue, type WorkQueueOptions } from "./work-queue/work-queue.ts";
