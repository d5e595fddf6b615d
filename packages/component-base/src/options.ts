import { ComponentError } from "./errors.ts";
import type { LogLevel } from "./logger.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

function wrong(name: string, value: string, expected: string): ComponentError {
  return new ComponentError("InvalidOption", `Cannot read option ${name}: "${value}" is not ${expected}`, {
    hint: `Set ${name} to ${expected}, or leave it out`,
  });
}

/** A whole number from the environment, or the default. */
export function readInteger(
  env: Environment,
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, fallback }: { min?: number; max?: number; fallback: number },
): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw wrong(name, text, `a whole number from ${min} to ${max}`);
  return value;
}

/** "true", "1", "yes" and their opposites. */
export function readBoolean(env: Environment, name: string, fallback: boolean): boolean {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  if (["true", "1", "yes", "on"].includes(text.toLowerCase())) return true;
  if (["false", "0", "no", "off"].includes(text.toLowerCase())) return false;
  throw wrong(name, text, '"true" or "false"');
}

/** One of a list of words. */
export function readChoice<T extends string>(
  env: Environment,
  name: string,
  { choices, fallback }: { choices: readonly T[]; fallback: T },
): T {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  if (!(choices as readonly string[]).includes(text)) throw wrong(name, text, `one of ${choices.join(", ")}`);
  return text as T;
}

/** JDOS_LOG_LEVEL, defaults to "info". */
export function readLogLevel(env: Environment): LogLevel {
  return readChoice(env, "JDOS_LOG_LEVEL", { choices: LOG_LEVELS, fallback: "info" });
}
