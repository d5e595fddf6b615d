/** Codes: "InvalidOption" (the user's fault). What goes wrong while reconciling is logged and tried again. */
export class ControllerManagerError extends Error {
  readonly code: "InvalidOption";
  readonly hint: string;

  constructor(code: "InvalidOption", message: string, { hint, cause }: { hint: string; cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ControllerManagerError";
    this.code = code;
    this.hint = hint;
  }
}
