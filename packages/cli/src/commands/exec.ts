import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { scopeOf } from "../scope.ts";

/** Runs a command in a Pod; its exit code becomes ours. */
export async function run(input: Input, context: CommandContext): Promise<undefined> {
  const command = input.arguments;
  if (command.length === 0)
    throw usage("Cannot run a command: none is given", "jdos exec --system S --app A -- COMMAND ...");
  const { runExec } = await import("../exec/run-exec.ts");
  const { stdin, tty, pod, container } = input.options;
  const terminal = context.stdin.isTTY === true && context.stdout.isTTY === true;
  const client = await context.platform();
  const url = client.urlOf("exec", {
    params: scopeOf(input),
    query: { command, pod, container, tty: tty ?? terminal, stdin: stdin ?? terminal },
  });
  context.exitWith(
    await runExec(
      {
        url,
        connection: client.connection,
        tty: tty === true || (tty === undefined && terminal),
        stdin: stdin === true || terminal,
      },
      context,
    ),
  );
}
