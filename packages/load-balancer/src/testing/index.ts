/**
 * A real HAProxy over a configuration directory, and HTTP servers that say their name.
 * @module
 */
export { type EchoServer, startEcho } from "./echo-server.ts";
export { freePort } from "./free-port.ts";
export { type RunningHaproxy, runHaproxy } from "./run-haproxy.ts";
