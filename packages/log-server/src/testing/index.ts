/** Log files as a runtime writes them, for tests. */
export { type LogTextOptions, logText } from "./log-text.ts";
