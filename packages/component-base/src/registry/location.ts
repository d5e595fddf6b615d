import { ComponentError } from "../errors.ts";
import * as setting from "../setting-kinds.ts";
import type { SettingValues } from "../settings.ts";
import type { RegistryMirror } from "./mirrors.ts";

/** Where images are: `HOST/PATH/<system>/<application>`. */
export interface RegistryLocation {
  /** In image references: "registry.example.org:5000" */
  readonly host: string;
  /** Before every repository, "" or "team/jdos/" */
  readonly prefix: string;
  /** Where the registry's API answers: "https://registry.example.org:5000" */
  readonly url: string;
  /**
   * issued: JDOS's own registry; each application has a password, and platform-api issues the tokens. given: any
   * registry, with a credential from a file or without one.
   */
  readonly access: "issued" | "given";
  /** With `given`: a docker configuration, read again at each use. */
  readonly credentialsFile?: string;
  /** It is a Harbor: each System has a project of its own there. */
  readonly harbor?: HarborSettings;
  /** Where images of other registries come from, the longest prefix first. Defaults to those registries. */
  readonly mirrors?: readonly RegistryMirror[];
  /** A docker configuration with the accounts of mirrors, read again at each use. */
  readonly mirrorCredentialsFile?: string;
}

export interface HarborSettings {
  /** Where its API answers: "https://harbor.example.org" */
  readonly url: string;
  /** Before the names of projects, "" or "jdos-". */
  readonly projectPrefix: string;
  /** How long robot accounts live; new ones come when a third of it is left. */
  readonly robotDays: number;
  /** Whether a System's disk quota is its project's storage quota. */
  readonly quotas: boolean;
}

/** JDOS's own registry, by the name that every node of it knows. */
export const DEFAULT_REGISTRY: RegistryLocation = {
  host: "registry.jdos.internal",
  prefix: "",
  url: "http://registry.jdos-system.svc:5000",
  access: "issued",
};

export const REGISTRY_SETTINGS = {
  registry: setting.text("HOST[:PORT][/PATH]: where images are", DEFAULT_REGISTRY.host),
  "registry-url": setting.text(
    "where its API answers; without it https://HOST, of the default registry its Service",
  ),
  "registry-access": setting.choice("by default issued for the default registry, else given", [
    "issued",
    "given",
  ]),
  "registry-credentials": setting.text(
    "a docker configuration, with given; without it the registry asks for none",
  ),
  "registry-harbor": setting.text("its URL: the registry is a Harbor, where each System has a project"),
  "registry-harbor-project-prefix": setting.text("before the names of projects", ""),
  "registry-harbor-robot-days": setting.integer("how long robot accounts live", { fallback: 30, min: 1 }),
  "registry-harbor-quota": setting.choice(
    "system: a System's disk quota is its project's",
    ["none", "system"],
    "none",
  ),
};

/** @throws ComponentError InvalidOption */
export function registryLocation(settings: SettingValues<typeof REGISTRY_SETTINGS>): RegistryLocation {
  const { host, prefix } = parseRegistry(settings.registry);
  const isDefault = settings.registry === DEFAULT_REGISTRY.host;
  const credentialsFile = settings["registry-credentials"];
  const harbor = settings["registry-harbor"];
  return {
    host,
    prefix,
    url: settings["registry-url"] ?? (isDefault ? DEFAULT_REGISTRY.url : `https://${host}`),
    access: settings["registry-access"] ?? (isDefault ? "issued" : "given"),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(harbor === undefined
      ? {}
      : {
          harbor: {
            url: harbor,
            projectPrefix: settings["registry-harbor-project-prefix"],
            robotDays: settings["registry-harbor-robot-days"],
            quotas: settings["registry-harbor-quota"] === "system",
          },
        }),
  };
}

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;
const PART = /^[a-z0-9]+([._-]+[a-z0-9]+)*$/;

/** Reads `HOST[:PORT][/PATH]`. @throws ComponentError InvalidOption */
export function parseRegistry(text: string): Pick<RegistryLocation, "host" | "prefix"> {
  const [host = "", ...path] = text.split("/");
  if (!HOST.test(host) || !path.every((part) => PART.test(part))) {
    throw new ComponentError("InvalidOption", `Cannot use registry "${text}": it is not HOST[:PORT][/PATH]`, {
      hint: 'For example "registry.example.org/team"; whether it speaks plain HTTP is said by its URL',
    });
  }
  return { host, prefix: path.map((part) => `${part}/`).join("") };
}
