import { silentLogger } from "@jdos/component-base/testing";
import type { CniOptions } from "../options.ts";
import { start } from "../start.ts";

// The daemon as a process of its own, for tests that kill it: its options are the first argument, as JSON.
await start({ ...(JSON.parse(process.argv[2] ?? "{}") as CniOptions), log: silentLogger() });
process.stdout.write("ready\n");
