/** A reconcile that cannot succeed until the world changes: it is reported and not retried. */
export class TerminalError extends Error {
  readonly code = "Terminal";
  readonly hint: string;

  constructor(
    message: string,
    {
      cause,
      hint = "Change the object; it is looked at again when it changes",
    }: { cause?: unknown; hint?: string } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TerminalError";
    this.hint = hint;
  }
}
