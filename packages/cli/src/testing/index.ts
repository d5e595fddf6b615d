/**
 * A command line run in this process, and a platform that answers what a test says.
 * @module
 */
export { type FakePlatform, type Ran, runCli, type Seen, startFakePlatform } from "./fake-platform.ts";
