/**
 * What the program in a build's Pod needs of these words: no Kind but Build, none of Kubernetes' own. It starts anew
 * with each build, and each module costs it time.
 * @module
 */
export * from "./jdos/application.ts";
export * from "./jdos/build.ts";
export * from "./jdos/registry-storage.ts";
export * from "./wire/image-builder.ts";
export * from "./wire/platform-api/builds.ts";
export * from "./wire/platform-api/upload.ts";
