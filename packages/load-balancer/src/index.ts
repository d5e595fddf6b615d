/**
 * Routes (Ingress objects) and Services of type LoadBalancer, carried by HAProxy: endpoints and routes are changed
 * while it runs, the rest by a reload that refuses no connection.
 * @module
 */
export { LoadBalancerError, type LoadBalancerErrorCode } from "./errors.ts";
export type { LoadBalancerOptions } from "./options.ts";
export { type RunningLoadBalancer, start } from "./start.ts";
