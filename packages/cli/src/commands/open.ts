import { spawn } from "node:child_process";
import type { ApplicationView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { scopeOf } from "../scope.ts";

/** Prints the application's address; on a desktop it is opened in the browser too. */
export async function run(input: Input, context: CommandContext): Promise<{ url: string }> {
  const { url = "" } = await (await context.platform()).call<ApplicationView>("GET", "application", {
    params: scopeOf(input),
  });
  const { DISPLAY, WAYLAND_DISPLAY } = context.environment.variables;
  if (
    context.stdout.isTTY === true &&
    (DISPLAY !== undefined || WAYLAND_DISPLAY !== undefined) &&
    /^https?:\/\//.test(url)
  ) {
    const browser = spawn("xdg-open", [url], { stdio: "ignore", detached: true });
    browser.on("error", () => {});
    browser.unref();
  }
  return { url };
}

export function present({ url }: { url: string }): string {
  return url;
}
