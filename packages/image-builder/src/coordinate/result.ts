import type { BuilderResult } from "@jdos/api/builder";

/** What a termination message may hold. Source: Kubernetes, Container.terminationMessagePath. */
export const MAX_RESULT_BYTES = 4096;
const MAX_LINE = 300;
const MAX_MESSAGE = 1000;

/** The result as JSON of at most 4 KiB: the oldest of the last lines go first, then what the steps said of bases. */
export function formatResult(result: BuilderResult): string {
  const { error, bases: _, ...rest } = result;
  const stages = result.stages.map((stage) => ({
    ...stage,
    ...(stage.message === undefined ? {} : { message: clip(stage.message, MAX_LINE) }),
  }));
  let lines = error?.lines?.map((line) => clip(line, MAX_LINE));
  for (;;) {
    const text = JSON.stringify({
      ...result,
      stages,
      ...(error === undefined
        ? {}
        : { error: { ...error, message: clip(error.message, MAX_MESSAGE), lines } }),
    });
    if (Buffer.byteLength(text) <= MAX_RESULT_BYTES) return text;
    if (lines !== undefined && lines.length > 0) lines = lines.slice(1);
    else return result.bases === undefined ? text : formatResult(rest);
  }
}

function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text;
}
