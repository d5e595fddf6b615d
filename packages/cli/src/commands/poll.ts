import type { CommandContext } from "../command.ts";

const PAUSE_MILLIS = 100;
const PATIENCE_SECONDS = 120;

/** Asks until the answer is good; undefined when it is not within two minutes. */
export async function pollUntil<T>(
  ask: () => Promise<T>,
  good: (answer: T) => boolean,
  { signal }: Pick<CommandContext, "signal">,
): Promise<T | undefined> {
  const until = performance.now() + PATIENCE_SECONDS * 1000;
  while (!signal.aborted) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (performance.now() > until) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
  }
  return undefined;
}
