import { resolve } from "node:path";
import {
  type Environment,
  REGISTRY_SETTINGS,
  type RegistryLocation,
  readSettings,
  registryLocation,
  setting,
} from "@jdos/component-base";
import { ImageBuilderError } from "../errors.ts";

export interface PublishOptions {
  /** The archive of the platform's images, as `jdosd images` makes it. */
  archive: string;
  registry: RegistryLocation;
  /** The clone whose tree becomes the platform's image: its git-tracked files and what npm installed. */
  repository: string;
}

const SETTINGS = {
  ...REGISTRY_SETTINGS,
  archive: setting.text("the images' archive, as jdosd's command images prints it; needed"),
  repository: setting.text("the clone that is published; without it this one"),
};

/** Reads the command line of publish-platform. @throws ImageBuilderError, ComponentError InvalidOption */
export function readPublishOptions(args: readonly string[], env: Environment): PublishOptions {
  const given = readSettings(SETTINGS, { args, env });
  if (given.archive === undefined)
    throw new ImageBuilderError("InvalidInput", "Cannot publish the platform: --archive is not given", {
      hint: "Get one with: node packages/jdosd/src/main.ts images",
    });
  return {
    archive: given.archive,
    registry: registryLocation(given),
    repository: resolve(given.repository ?? resolve(import.meta.dirname, "../../../..")),
  };
}
