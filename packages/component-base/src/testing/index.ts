/** Stand-ins for tests: a clock that stands still until told, a logger that says nothing. */
export { FakeClock } from "./fake-clock.ts";
export { silentLogger } from "./silent-logger.ts";
