/** The platform's own group and version. */
export const jdos = { group: "jdos.io", version: "v1" } as const;

/** Labels by which the platform finds what belongs to an application. */
export const APPLICATION_LABEL = "jdos.io/application";
export const RELEASE_LABEL = "jdos.io/release";
export const BUILD_LABEL = "jdos.io/build";
export const SYSTEM_LABEL = "jdos.io/system";
