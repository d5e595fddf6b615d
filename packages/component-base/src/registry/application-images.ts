import { projectName, systemOfProject } from "../harbor/project-name.ts";
import type { RegistryLocation } from "./location.ts";

/** Where the images of applications are. */
export interface ApplicationImages {
  /** "team/demo/hello"; with Harbor "<project>/hello". */
  repositoryOf(system: string, application: string): string;
  /** The same with the registry's host. */
  nameOf(system: string, application: string): string;
  /** Whose image it is; undefined: of no application here. */
  applicationOf(image: string): { system: string; application: string } | undefined;
  /** Whether the registry has an image, of whomever. */
  isOwn(image: string): boolean;
}

export function applicationImages({
  host,
  prefix,
  harbor,
}: Pick<RegistryLocation, "host" | "prefix" | "harbor">): ApplicationImages {
  // A project of Harbor stands at its root, whatever path the platform's own images have.
  const root = harbor === undefined ? `${host}/${prefix}` : `${host}/`;
  const folder = (system: string): string =>
    harbor === undefined ? `${prefix}${system}` : projectName(harbor.projectPrefix, system);
  const repositoryOf = (system: string, application: string): string => `${folder(system)}/${application}`;
  return {
    repositoryOf,
    nameOf: (system, application) => `${host}/${repositoryOf(system, application)}`,
    isOwn: (image) => image.startsWith(root),
    applicationOf(image) {
      if (!image.startsWith(root)) return undefined;
      const [first = "", application, ...rest] = (image.slice(root.length).split(/[:@]/)[0] ?? "").split("/");
      const system = harbor === undefined ? first : systemOfProject(harbor.projectPrefix, first);
      return application === undefined || system === undefined || rest.length > 0
        ? undefined
        : { system, application };
    },
  };
}
