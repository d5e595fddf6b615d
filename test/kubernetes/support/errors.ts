export type TestBedErrorCode =
  | "SourceMissing"
  | "OpenApiWrong"
  | "BuildFailed"
  | "BuildInProgress"
  | "PartFailed"
  | "NotReady"
  | "CleanUpIncomplete";

/** What the test bed cannot do. */
export class TestBedError extends Error {
  override readonly name = "TestBedError";
  readonly code: TestBedErrorCode;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: TestBedErrorCode, message: string, { hint, cause }: { hint: string; cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
