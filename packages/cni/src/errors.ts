import { CNI_ERROR_CODES, type CniErrorBody, type CniErrorReason } from "@jdos/api";

export interface CniErrorOptions {
  hint?: string;
  cause?: unknown;
}

/**
 * What the daemon refuses or cannot do. `code` is the reason's name; `cniCode` its number in the CNI specification.
 * The caller's faults: IncompatibleVersion, UnsupportedField, UnknownContainer, InvalidEnvironment, Decoding,
 * InvalidConfig. Ours: InputOutput, TryAgain, PluginUnavailable, LimitedConnectivity, NoAddress, NetworkDiffers.
 */
export class CniError extends Error {
  override readonly name = "CniError";
  readonly code: CniErrorReason;
  readonly hint: string;

  constructor(code: CniErrorReason, message: string, { hint = "", cause }: CniErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }

  get cniCode(): number {
    return CNI_ERROR_CODES[this.code];
  }

  /** The JSON a runtime reads. */
  toBody(cniVersion: string): CniErrorBody {
    return {
      cniVersion,
      code: this.cniCode,
      msg: this.message,
      ...(this.hint === "" ? {} : { details: this.hint }),
    };
  }
}

/** Any failure as a CniError; what is not ours becomes InputOutput with its message. */
export function asCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CniError("InputOutput", message, { cause: error });
}
