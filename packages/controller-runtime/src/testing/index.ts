/**
 * Starters for the tests of parts that run as processes of their own.
 * @module
 */
export { type AccountOptions, type AccountServer, accountKubeconfig } from "./account-kubeconfig.ts";
export { type LogLine, type StartedPart, startPart } from "./start-part.ts";
