import type { CommandContext, Input } from "../command.ts";
import { askJdosd } from "../machine/jdosd.ts";
import { formatTable } from "../output/table.ts";

export interface Finding {
  name: string;
  ok: boolean;
  message: string;
  hint?: string;
}

/** Exits 1 when the machine lacks something. */
export async function run(_input: Input, context: CommandContext): Promise<Finding[]> {
  const { answer, exitCode } = await askJdosd<Finding[]>(["doctor"], context);
  context.exitWith(exitCode);
  return answer;
}

export function present(findings: Finding[]): string {
  const rows = findings.map(({ name, ok, message }) => [name, ok ? "ok" : "MISSING", message]);
  const hints = findings.flatMap(({ name, hint }) => (hint === undefined ? [] : [`${name}: ${hint}`]));
  const verdict =
    hints.length === 0
      ? "This machine has what the platform needs."
      : `To get what is missing:\n${hints.map((hint) => `  ${hint}`).join("\n")}`;
  return `${formatTable({ headings: ["CHECK", "RESULT", "FOUND"], rows })}\n\n${verdict}`;
}
