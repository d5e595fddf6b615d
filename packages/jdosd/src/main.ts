/**
 * The process `jdosd`: `main.ts run|down|status|doctor|images --data-dir DIR`. Progress goes to standard output, one
 * JSON object a line; errors to standard error as "code: sentence" and a hint. The CLI starts it by path.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

// By the variable its threads and the programs it starts find it too, before their first module is read: Node's
// TypeScript compiler, which costs each of them 20 MiB, is then not even loaded.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "../../../node_modules/.cache/jdos");
process.env.NODE_COMPILE_CACHE_PORTABLE ??= "1";
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const { main } = await import("./command.ts");
await main(process.argv.slice(2), process.env);
