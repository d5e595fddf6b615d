/** What this package refuses or cannot do; the first three are the caller's fault. */
export type ComponentErrorCode =
  | "InvalidOption"
  | "InvalidCertificateRequest"
  | "CommandNotFound"
  | "CommandFailed"
  | "CommandTimeout"
  | "OutputTooLarge"
  | "RegistryRefused"
  | "ListenFailed"
  | "DataDirectoryLocked"
  | "InstanceTaken";

export interface ComponentErrorOptions {
  hint: string;
  cause?: unknown;
}

export class ComponentError extends Error {
  readonly code: ComponentErrorCode;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: ComponentErrorCode, message: string, { hint, cause }: ComponentErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ComponentError";
    this.code = code;
    this.hint = hint;
  }
}
