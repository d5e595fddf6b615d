/** The user's: InvalidOption, ListenFailed. Ours or the network's: UpstreamFailed, Malformed. */
export type DnsErrorCode = "InvalidOption" | "ListenFailed" | "UpstreamFailed" | "Malformed";

export class DnsError extends Error {
  override readonly name = "DnsError";
  readonly code: DnsErrorCode;
  readonly hint: string;

  constructor(
    code: DnsErrorCode,
    message: string,
    { hint = "", cause }: { hint?: string; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
