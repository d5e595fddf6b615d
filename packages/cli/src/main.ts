/** The command `jdos`. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

enableCompileCache(join(import.meta.dirname, "../../../node_modules/.cache/jdos"));

const { start } = await import("./start.ts");
process.exitCode = await start({ args: process.argv.slice(2), env: process.env });
// Keep-alive sockets and a paused standard input would hold the process.
if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit();
process.stdout.once("drain", () => process.exit());
