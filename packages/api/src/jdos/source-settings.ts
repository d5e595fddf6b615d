import type { CreateApplicationRequest } from "../wire/platform-api.ts";
import type { ApplicationSpec } from "./application.ts";

/** At the root of a source: what the application is, so that a clone deploys without an argument. */
export const SOURCE_FILE = "jdos.yaml";

export interface SourceFile
  extends Pick<ApplicationSpec, "build" | "run" | "routes" | "replicas" | "rollout" | "triggers"> {
  system?: string;
  app?: string;
  /** The folder that is deployed, where it is not the one that holds the file. */
  path?: string;
  /** Whether a build's release is made current by itself. Defaults to what the application has. */
  deploy?: NonNullable<ApplicationSpec["deployPolicy"]>;
}

/** What of a source file a deploy takes over. */
export function settingsOf({
  system: _system,
  app: _app,
  path: _path,
  deploy,
  ...settings
}: SourceFile): CreateApplicationRequest {
  return { ...settings, ...(deploy === undefined ? {} : { deployPolicy: deploy }) };
}
