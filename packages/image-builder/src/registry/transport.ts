import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { ComponentError } from "@jdos/component-base/errors";
import {
  askRegistry,
  authorizationFor,
  type RegistryAnswer,
  type RegistryCredential,
  type RegistryScopes,
  textOf,
} from "@jdos/component-base/registry";
import { ImageBuilderError } from "../errors.ts";

export interface TransportOptions {
  /** http://registry.jdos-system.svc:5000 */
  url: string;
  credential?: RegistryCredential;
  /**
   * How long a request that the network or the server fails is tried again: a restart of the registry, or of what
   * gives its tokens, fits in. Defaults to 60.
   */
  patienceSeconds?: number;
  /** The first wait between tries; doubles up to 2 seconds. Defaults to 100. */
  backOffMillis?: number;
  signal?: AbortSignal;
}

export interface RegistryRequest {
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** A path at the registry, or a whole URL that it named. */
  path: string;
  scopes: RegistryScopes;
  headers?: Readonly<Record<string, string>>;
  /** Called anew for each try. */
  body?: () => string | Uint8Array | Readable;
  /** Answers besides 2xx that are an answer. */
  accept?: readonly number[];
}

const MAX_WAIT_MILLIS = 2000;

/** Requests to one registry: the token dance, and tries with back-off. */
export class RegistryTransport {
  readonly #options: TransportOptions;
  readonly #tokens = new Map<string, string>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async send(request: RegistryRequest): Promise<RegistryAnswer> {
    const { patienceSeconds = 60, backOffMillis = 100 } = this.#options;
    const deadline = performance.now() + patienceSeconds * 1000;
    for (let wait = backOffMillis; ; wait = Math.min(2 * wait, MAX_WAIT_MILLIS)) {
      const last = performance.now() + wait > deadline;
      try {
        const response = await this.#authorised(request);
        if (isOk(response) || request.accept?.includes(response.status)) return response;
        const again = (response.status >= 500 || response.status === 429) && !last;
        if (!again) throw await refusal(request, response);
        response.body.resume();
      } catch (error) {
        if (error instanceof ImageBuilderError || this.#options.signal?.aborted) throw error;
        if (last || isCertificateFault(error)) throw unreachable(this.#options.url, error);
      }
      await sleep(wait, undefined, { signal: this.#options.signal });
    }
  }

  async #authorised(request: RegistryRequest): Promise<RegistryAnswer> {
    const key = JSON.stringify(request.scopes);
    const first = await this.#once(request, this.#tokens.get(key));
    if (first.status !== 401) return first;
    first.body.resume();
    const authorization = await this.#answerTo(first.headers["www-authenticate"], request);
    if (authorization === undefined)
      throw new ImageBuilderError(
        "RegistryRefused",
        `Cannot use the registry at "${this.#options.url}": it asks for a credential and none was given`,
      );
    this.#tokens.set(key, authorization);
    return this.#once(request, authorization);
  }

  async #answerTo(challenge: string | undefined, { scopes }: RegistryRequest): Promise<string | undefined> {
    const { credential, signal } = this.#options;
    try {
      return await authorizationFor(challenge, {
        scopes,
        ...(credential === undefined ? {} : { credential }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      if (!(cause instanceof ComponentError)) throw cause;
      throw new ImageBuilderError("RegistryRefused", cause.message, {
        hint: `${cause.hint}: of an application's registry Secret a new one is made when it is deleted`,
        cause,
      });
    }
  }

  async #once(
    { method, path, headers, body }: RegistryRequest,
    authorization: string | undefined,
  ): Promise<RegistryAnswer> {
    const url = new URL(path, this.#options.url);
    // A credential goes to the registry only, wherever it may send us for a blob.
    const isTrusted = url.origin === new URL(this.#options.url).origin;
    const { signal } = this.#options;
    return askRegistry(url, {
      method,
      body,
      signal,
      ...(headers && { headers }),
      ...(isTrusted && { authorization }),
    });
  }
}

/** True of an answer that does what was asked. */
export function isOk({ status }: RegistryAnswer): boolean {
  return status >= 200 && status <= 299;
}

async function refusal(
  { method, path }: RegistryRequest,
  response: RegistryAnswer,
): Promise<ImageBuilderError> {
  const text = await textOf(response, 500);
  return new ImageBuilderError(
    "RegistryRefused",
    `Cannot ${method} "${path}" at the registry: it answered ${response.status}${text === "" ? "" : `: ${text.trim()}`}`,
  );
}

/** What no waiting mends. Source: Node's codes of certificate verification. */
function isCertificateFault(error: unknown): boolean {
  const { code = "" } = error as { code?: string };
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/.test(code);
}

function unreachable(url: string, error: unknown): ImageBuilderError {
  const cause = error instanceof Error ? error : new Error(String(error));
  // Where a name has several addresses, the error has no words of its own.
  const why = cause.message || (cause as NodeJS.ErrnoException).code;
  return new ImageBuilderError("RegistryUnreachable", `Cannot reach the registry at "${url}": ${why}`, {
    cause,
    hint: isCertificateFault(error)
      ? "Name its authority: in NODE_EXTRA_CA_CERTS, for builds in ca.crt of the build environment"
      : "Check its address, and that it runs: on one machine it is a Pod of jdos-system",
  });
}
