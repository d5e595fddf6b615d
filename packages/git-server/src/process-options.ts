import { type Environment, readKeyFile, type SettingValues, setting } from "@jdos/component-base";
import type { GitServerOptions } from "./options.ts";
import { connectPlatform } from "./platform/connection.ts";

/** Signing secrets of webhooks are made of it. */
const MASTER_KEY = { secret: "jdos-system/git-server-keys" };

/** Options of the process. */
export const PROCESS_SETTINGS = {
  "listen-address": setting.address("for git and for forges, as HOST:PORT", "0.0.0.0:8080"),
  "data-directory": setting.text("repositories and deliveries", "/var/lib/jdos/git"),
  "platform-url": setting.text("the platform API; without it through the API server's services/proxy"),
  "patience-seconds": setting.integer("how long a push waits for a platform that is away", {
    fallback: 120,
  }),
  "webhook-key-file": setting.text("the master key of webhooks' signing secrets; without it none are served"),
  "public-url": setting.text("where people and forges reach it", "http://git.jdos.localhost:8080"),
};

/** The options that a process was given. */
export async function optionsOf(
  given: SettingValues<typeof PROCESS_SETTINGS> & { readonly kubeconfig: string | undefined },
  env: Environment,
): Promise<Omit<GitServerOptions, "client" | "log" | "metrics">> {
  const keyFile = given["webhook-key-file"];
  const publicUrl = given["public-url"].replace(/\/+$/, "");
  return {
    listen: given["listen-address"],
    dataDirectory: given["data-directory"],
    platform: await connectPlatform({ url: given["platform-url"], kubeconfig: given.kubeconfig }, env),
    path: env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    patienceSeconds: given["patience-seconds"],
    ...(keyFile === undefined
      ? {}
      : { webhooks: { masterKey: readKeyFile(keyFile, MASTER_KEY), publicUrl } }),
  };
}
