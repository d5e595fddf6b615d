/**
 * A real HAProxy over a configuration directory, and HTTP servers that say their name.
 * @module
 */

export { freePort } from "@jdos/component-base/testing";
export { type EchoServer, startEcho } from "./echo-server.ts";
export { type RunningHaproxy, runHaproxy } from "./run-haproxy.ts";
