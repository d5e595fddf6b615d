/**
 * The reconcilers of jdos.io/v1. A System owns a Namespace; an Application owns a Deployment, a Service and an
 * Ingress rendered from one Release; a Build is done by a Job and makes the next Release.
 * @module
 */
export { PlatformError, type PlatformErrorCode } from "./errors.ts";
export type {
  BuildSettings,
  PlatformControllersOptions,
  PodSettings,
  RouteSettings,
} from "./options.ts";
export { type PlatformControllers, start } from "./start.ts";
