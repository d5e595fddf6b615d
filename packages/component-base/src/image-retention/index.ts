/**
 * What of an application's repository is needed, by what, and what may go: the one answer for who deletes and who asks.
 * @module
 */

export type { Keeper, Namer, Needs, RepositoryContent, Verdict } from "./judge.ts";
export { isImageTag, judge, surplusOf } from "./judge.ts";
export { namedDigests } from "./named-digests.ts";
export type { ImageManifest, RepositoryAccess } from "./repository.ts";
export { Repository, readContent } from "./repository.ts";
