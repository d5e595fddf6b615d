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

/** A write of one who is not known to be the leader any more: refused here, before it is sent. */
export class LeadershipError extends Error {
  readonly code = "NotLeader";
  readonly hint = "Stop: another may lead already";

  constructor(message: string) {
    super(message);
    this.name = "LeadershipError";
  }
}
