/**
 * The process `jdosd`: `main.ts run|down|status|doctor|images --data-dir DIR`. Progress goes to standard output, one
 * JSON object a line; errors to standard error as "code: sentence" and a hint. The CLI starts it by path.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

enableCompileCache(join(import.meta.dirname, "../../../node_modules/.cache/jdos"));

const { main } = await import("./command.ts");
await main(process.argv.slice(2), process.env);
