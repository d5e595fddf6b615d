import type { Readable } from "node:stream";
import type { User } from "../registry/call.ts";

/** A request, whatever carried it here. */
export interface ApiRequest {
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly user: User;
  /** Fires when the caller is gone. */
  readonly signal: AbortSignal;
  /** Reads the whole body; too much of it is refused with 413. */
  body(): Promise<Buffer>;
  /** The body unread, for proxies. */
  stream(): Readable;
}

/** Where a streamed answer is written. */
export interface ResponseSink {
  write(chunk: string | Uint8Array): void;
  /** What was written and not yet taken by the caller. */
  readonly waitingBytes: number;
  end(): void;
  /** Called once, when the caller is gone or the answer has ended. */
  onClose(listener: () => void): void;
}

/** An answer. A function writes it piece by piece, and starts to when the head has been sent. */
export interface ApiResponse {
  /** A long stream that is worth compressing. */
  readonly compressible?: boolean;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Uint8Array | Readable | ((sink: ResponseSink) => void);
}
