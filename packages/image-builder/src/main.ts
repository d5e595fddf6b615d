/**
 * The program in a build's Pod: `main.ts coordinate` and `main.ts steps`, one a container; `main.ts local` runs
 * both on this machine. `main.ts publish-platform` puts the platform's own images into a registry; `main.ts load` loads
 * all that a build may need and ends, so that Node's compile cache has it.
 * @module
 */
import { asBuilderError } from "./errors.ts";
import { readOptions } from "./options.ts";

const stop = new AbortController();
process.on("SIGTERM", () => stop.abort(new Error("the build was stopped")));
try {
  const [role, ...args] = process.argv.slice(2);
  if (role === "publish-platform") {
    const { publish } = await import("./publish/command.ts");
    await publish(args, process.env);
  } else if (role === "load") {
    await import("./load-all.ts");
  } else {
    const { run } = await import("./start.ts");
    process.exitCode = await run(readOptions(process.argv.slice(2)), stop.signal);
  }
} catch (error) {
  const { code, message, hint } = asBuilderError(error);
  process.stderr.write(`${code}: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`);
  process.exitCode = 2;
}
// A connection that nobody closes shall not keep the Pod.
process.exit();
