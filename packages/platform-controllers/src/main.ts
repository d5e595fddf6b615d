/** The process. Its compiled code is kept, so that a start costs little time and memory. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

const directory = join(import.meta.dirname, "../../../node_modules/.cache/jdos");
enableCompileCache({ directory, portable: true });

const { main } = await import("./command.ts");
await main({ args: process.argv.slice(2), env: process.env });
