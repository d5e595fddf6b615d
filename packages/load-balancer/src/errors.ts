/** InvalidOption and ListenFailed are the caller's fault; the others say what HAProxy did. */
export type LoadBalancerErrorCode =
  | "InvalidOption"
  | "ListenFailed"
  | "HaproxyUnreachable"
  | "HaproxyRefused"
  | "ReloadFailed";

export class LoadBalancerError extends Error {
  override readonly name = "LoadBalancerError";
  readonly code: LoadBalancerErrorCode;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: LoadBalancerErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
