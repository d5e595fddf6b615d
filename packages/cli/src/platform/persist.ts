import { CliError } from "../errors.ts";
import { ConnectionLost } from "./platform-client.ts";

export interface PersistOptions {
  signal: AbortSignal;
  /** Told once when the connection is lost. */
  lost?: () => void;
  /** How long a restart of the platform may take. Defaults to 60. */
  patienceSeconds?: number;
}

const PAUSE_MILLIS = 300;

/** Repeats what may be repeated while the platform restarts; the first attempt's refusal to connect is final. */
export async function persist<T>(
  attempt: () => Promise<T>,
  { signal, lost, patienceSeconds = 60 }: PersistOptions,
): Promise<T> {
  let lostAt: number | undefined;
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      const started = lostAt !== undefined && isAway(error);
      if (signal.aborted || !(error instanceof ConnectionLost || started)) throw error;
      if (lostAt === undefined) lost?.();
      lostAt ??= performance.now();
      if (performance.now() - lostAt > patienceSeconds * 1000) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
    }
  }
}

/** Answers of a platform that is on its way up. */
function isAway(error: unknown): boolean {
  return (
    error instanceof CliError && ["NotRunning", "Unavailable", "ServiceUnavailable"].includes(error.code)
  );
}
