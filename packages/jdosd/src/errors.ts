/** What a person can mend. */
export type UserErrorCode =
  | "NotRoot"
  | "NotDebian"
  | "PackagesMissing"
  | "NetworkUnreachable"
  | "PortTaken"
  | "AlreadyRunning"
  | "InvalidOption"
  | "KernelFeatureMissing";

/** What is ours to mend. */
export type InternalErrorCode =
  | "ImageBuildFailed"
  | "PartFailed"
  | "ManifestInvalid"
  | "NotReady"
  | "CleanUpIncomplete";

export type JdosdErrorCode = UserErrorCode | InternalErrorCode;

export class JdosdError extends Error {
  override readonly name = "JdosdError";
  readonly code: JdosdErrorCode;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: JdosdErrorCode, message: string, { hint, cause }: { hint: string; cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
