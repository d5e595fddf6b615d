import type { MissingParts, SourceUploaded } from "@jdos/api";
import type { SendOptions } from "@jdos/component-base/source-upload";
import { ADMIN_TOKEN } from "./start-test-platform.ts";

class Refusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, { code, message }: { code: string; message: string }) {
    super(`${code}: ${message}`);
    this.code = code;
    this.status = status;
  }
}

/** Sends a tar as the administrator over plain HTTP to application demo/hello; what is no refusal is tried again. */
export function senderOf(
  tar: Buffer,
  urlOf: () => string,
  token = ADMIN_TOKEN,
): Pick<SendOptions, "read" | "door"> {
  const call = async <T>(path: string, init: RequestInit, headers: Record<string, string>): Promise<T> => {
    const authorization = `Bearer ${token}`;
    const answer = await fetch(`${urlOf()}/api/v1/systems/demo/apps/hello/source${path}`, {
      ...init,
      headers: { authorization, ...headers },
    });
    if (!answer.ok) throw new Refusal(answer.status, (await answer.json()) as never);
    return (await answer.json()) as T;
  };
  const post = <T>(path: string, parts: object): Promise<T> =>
    call(path, { method: "POST", body: JSON.stringify({ parts }) }, { "content-type": "application/json" });
  return {
    read: async function* () {
      for (let at = 0; at < tar.length; at += 65_536) yield tar.subarray(at, at + 65_536);
    },
    door: {
      missing: async (parts) => (await post<MissingParts>("/missing", parts)).missing,
      put: ({ digest }, gzipped) =>
        call(
          `/parts/${digest}`,
          { method: "POST", body: gzipped },
          { "content-type": "application/octet-stream", "content-encoding": "gzip" },
        ),
      finish: (parts) => post<SourceUploaded>("", parts),
      mayPass: (error) => !(error instanceof Refusal) || [429, 503].includes(error.status),
      isIncomplete: (error) => error instanceof Refusal && error.code === "SourceIncomplete",
    },
  };
}
