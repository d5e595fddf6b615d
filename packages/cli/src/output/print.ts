import type { CommandContext, CommandModule } from "../command.ts";
import type { CliError } from "../errors.ts";
import { formatTable } from "./table.ts";

/** Writes what a command returned in the form that was asked for. */
export async function printResult(
  data: unknown,
  module: CommandModule,
  { output, stdout }: Pick<CommandContext, "output" | "stdout">,
): Promise<void> {
  if (data === undefined) return;
  const text = await formatResult(data, module, output);
  if (text !== "") stdout.write(`${text}\n`);
}

async function formatResult(
  data: unknown,
  module: CommandModule,
  output: CommandContext["output"],
): Promise<string> {
  if (output === "json") return JSON.stringify(data, undefined, 2);
  if (output === "yaml") return (await import("yaml")).stringify(data).trimEnd();
  const shown = (await module.present?.(data as never)) ?? String(data);
  return typeof shown === "string" ? shown : formatTable(shown);
}

export function printError(error: CliError, stderr: NodeJS.WritableStream): void {
  stderr.write(`${error.code}: ${error.message}\n`);
  if (error.hint !== undefined) stderr.write(`hint: ${error.hint}\n`);
}
