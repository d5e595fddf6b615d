import type { Explanation } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { clean } from "../output/table.ts";
import { scopeOf } from "../scope.ts";

export async function run(input: Input, context: CommandContext): Promise<Explanation> {
  return (await context.platform()).call("GET", "why", { params: scopeOf(input) });
}

export function present({ sentence, evidence, nextStep }: Explanation): string {
  const facts = evidence.map(({ from, text }) => `  ${clean(from)}: ${clean(text)}`);
  return [clean(sentence).replace(/\.*$/, "."), ...facts, `Next: ${nextStep}`].join("\n");
}
