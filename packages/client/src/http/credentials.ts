import { readFile } from "node:fs/promises";
import type { Clock } from "@jdos/component-base";
import { ConfigError } from "../errors.ts";

/** What a client shows the server, and whom it believes. What is in a file is read again as others renew it. */
export interface CredentialOptions {
  /** PEM. Defaults to the authorities Node trusts. */
  ca?: string;
  /** PEM, with `key`: the client's certificate. */
  cert?: string;
  key?: string;
  /** Paths; each goes before its text above. */
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  /** A bearer token, or a function that reads the present one. */
  token?: string | (() => string | Promise<string>);
  /** The path of a bearer token; goes before `token`. */
  tokenFile?: string;
  /** How long what was read from files is good for. Defaults to 60. */
  credentialSeconds?: number;
}

/** The part of the credentials that a connection is made with. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Files are read at most this often, whoever asks. */
const MIN_READ_MILLIS = 1000;
const NOTHING: TlsMaterial = Object.freeze({});

/**
 * Certificates and tokens as they stand now. What can no longer be read, or is half written, leaves what was good
 * in force: renewal is another's work and may be going on.
 */
export class Credentials {
  readonly #options: CredentialOptions;
  readonly #clock: Clock;
  readonly #fromFiles: boolean;
  #tls: TlsMaterial = NOTHING;
  #token: string | undefined;
  #readMillis: number | undefined;
  #reading: Promise<boolean> | undefined;

  constructor(options: CredentialOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    const { ca, cert, key, caFile, certFile, keyFile, tokenFile } = options;
    this.#fromFiles = [caFile, certFile, keyFile, tokenFile].some((path) => path !== undefined);
    if (!this.#fromFiles) this.#tls = withoutUndefined({ ca, cert, key });
  }

  /** The same object until something in it changes. */
  async tls(): Promise<TlsMaterial> {
    await this.#readWhenDue();
    return this.#tls;
  }

  async token(): Promise<string | undefined> {
    await this.#readWhenDue();
    const { token, tokenFile } = this.#options;
    if (tokenFile !== undefined) return this.#token;
    return typeof token === "function" ? token() : token;
  }

  /** Reads the files now, unless they just were; true when something changed: a refused call is worth another try. */
  async reread(): Promise<boolean> {
    if (!this.#fromFiles) return false;
    if (this.#reading === undefined && this.#ageMillis() < MIN_READ_MILLIS) return false;
    return this.#readOnce();
  }

  async #readWhenDue(): Promise<void> {
    const maxAgeMillis = (this.#options.credentialSeconds ?? 60) * 1000;
    if (this.#fromFiles && this.#ageMillis() >= maxAgeMillis) await this.#readOnce();
  }

  #ageMillis(): number {
    return this.#readMillis === undefined
      ? Number.POSITIVE_INFINITY
      : this.#clock.monotonicMillis() - this.#readMillis;
  }

  #readOnce(): Promise<boolean> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<boolean> {
    const { ca, cert, key, caFile, certFile, keyFile, tokenFile } = this.#options;
    const first = this.#readMillis === undefined;
    try {
      const [newCa, newCert, newKey, token] = await Promise.all([
        text(caFile, ca),
        text(certFile, cert),
        text(keyFile, key),
        text(tokenFile, undefined),
      ]);
      const changed = await this.#adopt(
        withoutUndefined({ ca: newCa, cert: newCert, key: newKey }),
        token?.trim(),
      );
      this.#readMillis = this.#clock.monotonicMillis();
      return changed;
    } catch (cause) {
      if (first) throw unreadable(cause);
      this.#readMillis = this.#clock.monotonicMillis();
      return false;
    }
  }

  /** @throws when a key is not that of its certificate, or a token is empty: the files are being written */
  async #adopt(tls: TlsMaterial, token: string | undefined): Promise<boolean> {
    const old = this.#tls;
    const sameTls = tls.ca === old.ca && tls.cert === old.cert && tls.key === old.key;
    if (!sameTls) (await import("node:tls")).createSecureContext(tls);
    if (token === "") throw new Error("the token is empty");
    const changed = !sameTls || token !== this.#token;
    if (!sameTls) this.#tls = tls;
    this.#token = token;
    return changed;
  }
}

async function text(path: string | undefined, given: string | undefined): Promise<string | undefined> {
  return path === undefined ? given : readFile(path, "utf8");
}

function withoutUndefined(tls: { [name in keyof TlsMaterial]: string | undefined }): TlsMaterial {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}

function unreadable(cause: unknown): ConfigError {
  return new ConfigError(`Cannot read credentials: ${cause instanceof Error ? cause.message : cause}`, {
    hint: "Check the paths of certificates, keys and tokens",
    cause,
  });
}
