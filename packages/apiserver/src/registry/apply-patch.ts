import { deepCopy, type KubeObject, StatusError } from "@jdos/apimachinery";
import type { Patch } from "@jdos/client";
import { jsonPatch } from "../patch/json-patch.ts";
import { isRecord, mergePatch } from "../patch/merge-patch.ts";
import { strategicMerge } from "../patch/strategic-merge.ts";

/** The target with a patch on it; the target is the patch's to change. */
export function applyPatch(target: KubeObject, { type, body }: Patch): unknown {
  switch (type) {
    case "json":
      return jsonPatch(target, body);
    case "merge":
      if (!isRecord(body))
        throw new StatusError("BadRequest", "error decoding patch: a merge patch must be an object");
      return mergePatch(target, deepCopy(body));
    case "strategic":
      return strategicMerge(target, deepCopy(body));
    case "apply":
      throw new StatusError(
        "UnsupportedMediaType",
        "server-side apply is not served here: use a strategic merge, merge or JSON patch",
      );
  }
}
