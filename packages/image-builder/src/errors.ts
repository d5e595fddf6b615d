import { ComponentError } from "@jdos/component-base/errors";

/** What the person who wrote the application can mend. */
export type SourceErrorCode =
  | "SourceUnreachable"
  | "SourceUnauthorized"
  | "RevisionUnknown"
  | "SourceRefused"
  | "SourceTooLarge"
  | "NothingDetected"
  | "InvalidPackage"
  | "NoStartCommand"
  | "InstallFailed"
  | "BuildStepFailed"
  | "StepFailed"
  | "VersionUnavailable"
  | "SecretMissing"
  | "BaseImageMissing"
  | "DockerfileInvalid"
  | "OutOfMemory"
  | "TimedOut";
/** What the platform has to mend. */
export type PlatformErrorCode =
  | "InvalidInput"
  | "OutOfDisk"
  | "RegistryUnreachable"
  | "RegistryRefused"
  | "BundleCorrupt"
  | "StepsLost"
  | "Stopped"
  | "BuilderFailed";

export type BuilderErrorCode = SourceErrorCode | PlatformErrorCode;

export interface BuilderErrorOptions {
  /** What a person can do about it. */
  hint?: string;
  cause?: unknown;
}

/** Names are the user's: one with a line end would write a line of the log that nobody said. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Its message is one line. */
export class ImageBuilderError extends Error {
  override readonly name = "ImageBuilderError";
  readonly code: BuilderErrorCode;
  readonly hint: string | undefined;

  constructor(code: BuilderErrorCode, message: string, { hint, cause }: BuilderErrorOptions = {}) {
    super(printable(message), cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}

/** Any error as one of ours. */
export function asBuilderError(error: unknown): ImageBuilderError {
  if (error instanceof ImageBuilderError) return error;
  if (error instanceof ComponentError && error.code === "InvalidOption")
    return new ImageBuilderError("InvalidInput", error.message, { hint: error.hint, cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new ImageBuilderError("BuilderFailed", `Cannot go on: ${message}`, { cause: error });
}
