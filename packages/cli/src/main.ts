/** The command `jdos`. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

// By the variable its threads and the programs it starts find it too, before their first module is read: Node's
// TypeScript compiler, which costs each of them 20 MiB, is then not even loaded.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "../../../node_modules/.cache/jdos");
process.env.NODE_COMPILE_CACHE_PORTABLE ??= "1";
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const { start } = await import("./start.ts");
process.exitCode = await start({ args: process.argv.slice(2), env: process.env });
// Keep-alive sockets and a paused standard input would hold the process.
if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit();
process.stdout.once("drain", () => process.exit());
