/**
 * Every Kind the platform uses: Kubernetes' own (kubernetes.ts), jdos.io/v1 (jdos/), and the wire types of the
 * documented endpoints between parts (wire/). Types and constants only.
 * @module
 */
export * from "./jdos/application.ts";
export * from "./jdos/build.ts";
export * from "./jdos/definitions.ts";
export * from "./jdos/group.ts";
export * from "./jdos/image-repositories.ts";
export * from "./jdos/ref-pattern.ts";
export * from "./jdos/registry-storage.ts";
export * from "./jdos/release.ts";
export * from "./jdos/system.ts";
export * from "./jdos/webhook.ts";
export * from "./kubelet-words.ts";
export * from "./kubernetes.ts";
export * from "./wire/canary.ts";
export * from "./wire/cni.ts";
export * from "./wire/image-builder.ts";
export * from "./wire/in-place.ts";
export * from "./wire/logs.ts";
export * from "./wire/platform-api.ts";
