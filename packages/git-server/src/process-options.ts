import { readFileSync } from "node:fs";
import { ComponentError, type SettingValues, setting } from "@jdos/component-base";
import type { GitServerOptions } from "./options.ts";

/** Options of the process. */
export const PROCESS_SETTINGS = {
  "listen-address": setting.address("for git and for forges, as HOST:PORT", "0.0.0.0:8080"),
  "data-directory": setting.text("repositories and deliveries", "/var/lib/jdos/git"),
  "webhook-key-file": setting.text("the master key of webhooks' signing secrets; without it none are served"),
  "public-url": setting.text("where people and forges reach it", "http://git.jdos.localhost:8080"),
};

/** The options that a process was given. */
export function optionsOf(
  given: SettingValues<typeof PROCESS_SETTINGS>,
): Omit<GitServerOptions, "client" | "log" | "metrics"> {
  return {
    listen: given["listen-address"],
    dataDirectory: given["data-directory"],
    ...hooksOf(given),
  };
}

function hooksOf(given: SettingValues<typeof PROCESS_SETTINGS>): Pick<GitServerOptions, "hooks"> {
  const file = given["webhook-key-file"];
  if (file === undefined) return {};
  return { hooks: { masterKey: readKey(file), publicUrl: given["public-url"].replace(/\/+$/, "") } };
}

const MIN_KEY = 16;

function readKey(file: string): string {
  let key = "";
  try {
    key = readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new ComponentError("InvalidOption", `Cannot read "${file}": ${(cause as Error).message}`, {
      hint: "See that Secret jdos-system/git-server-keys is mounted",
      cause,
    });
  }
  if (key.length >= MIN_KEY) return key;
  throw new ComponentError(
    "InvalidOption",
    `Cannot use "${file}": it is shorter than ${MIN_KEY} characters`,
    {
      hint: "Signing secrets are made of it: give it 32 random bytes",
    },
  );
}
