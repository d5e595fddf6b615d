/**
 * For tests: a clock that stands still until told, a logger that says nothing, an instance number of one's own.
 * @module
 */
export { FakeClock } from "./fake-clock.ts";
export { silentLogger } from "./silent-logger.ts";
export { removeTestLocks, testInstance } from "./test-instance.ts";
