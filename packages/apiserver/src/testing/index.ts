/**
 * A real API server in memory, for the tests of every package.
 * @module
 */
export { startTestServer, type TestServer, type TestServerOptions } from "./start-test-server.ts";
