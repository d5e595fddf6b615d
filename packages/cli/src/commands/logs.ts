import type { LogLine } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { persist } from "../platform/persist.ts";
import { scopeOf } from "../scope.ts";
import { LogPosition } from "./resume-logs.ts";
import { secondsOf } from "./seconds-of.ts";

/** Lines as they come, or of the past, with the Pod's name before each where there may be several. */
export async function run(input: Input, context: CommandContext): Promise<undefined> {
  const { follow, tail, previous, since, until, grep, release, pod, container } = input.options;
  const query = {
    follow,
    tail,
    previous,
    sinceSeconds: since === undefined ? undefined : secondsOf("since", since),
    untilSeconds: until === undefined ? undefined : secondsOf("until", until),
    grep,
    release,
    pod,
    container,
  };
  const client = await context.platform();
  const position = new LogPosition();
  const { signal } = context;
  const lost = (): void =>
    void context.stderr.write("The connection ended; waiting for the platform to come back ...\n");
  const attempt = async (): Promise<void> => {
    const again = { ...query, ...(follow === true ? position.resume() : undefined) };
    const lines = client.stream<LogLine>("logs", { params: scopeOf(input), query: again, signal });
    await printLines(position.unseen(lines), context, { prefix: pod === undefined });
  };
  await (follow === true ? persist(attempt, { signal, lost }) : attempt());
  return undefined;
}

export interface PrintLinesOptions {
  prefix: boolean;
}

export async function printLines(
  lines: AsyncIterable<LogLine>,
  { output, stdout }: Pick<CommandContext, "output" | "stdout">,
  { prefix }: PrintLinesOptions,
): Promise<void> {
  for await (const line of lines) {
    const text = output === "json" ? JSON.stringify(line) : prefix ? `${line.pod}  ${line.line}` : line.line;
    if (!stdout.write(`${text}\n`)) await new Promise((resolve) => stdout.once("drain", resolve));
  }
}
