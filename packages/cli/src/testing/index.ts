/**
 * A command line run in this process, a platform that answers what a test says, and how install applies an object.
 * @module
 */

export { applyObject } from "../install/apply.ts";
export {
  type FakePlatform,
  type Ran,
  runCli,
  runCommandLine,
  type Seen,
  startFakePlatform,
} from "./fake-platform.ts";
