import { CNI_VERSIONS } from "@jdos/api";

/** The versions whose results are spoken. */
export function cmdVersion(): { cniVersion: string; supportedVersions: readonly string[] } {
  return { cniVersion: CNI_VERSIONS[CNI_VERSIONS.length - 1]!, supportedVersions: CNI_VERSIONS };
}
