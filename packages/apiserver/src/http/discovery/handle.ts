import type { Core } from "../../registry/call.ts";
import { value } from "../answer.ts";
import { unknownResource } from "../call-of.ts";
import { negotiate } from "../negotiate.ts";
import type { ApiRequest, ApiResponse } from "../request.ts";
import { aggregatedDiscovery } from "./aggregated.ts";
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from "./documents.ts";

/** GET on /api, /apis and what stands below them without naming a resource. */
export function handleDiscovery(core: Core, request: ApiRequest): ApiResponse {
  const form = negotiate(request.headers.accept);
  const [, root, first, second] = request.path.replace(/\/$/, "").split("/");
  if (form.as === "APIGroupDiscoveryList" && first === undefined) {
    const version = form.version ?? "v2";
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    return value(200, aggregatedDiscovery(core.catalog, { core: root === "api", version }), {
      form,
      headers: { "content-type": type, vary: "Accept" },
    });
  }
  const document = root === "api" ? coreDocument(core, request, first) : groupDocument(core, first, second);
  if (document === undefined) throw unknownResource();
  return value(200, document, { form, headers: { vary: "Accept" } });
}

function coreDocument(core: Core, request: ApiRequest, version: string | undefined): object | undefined {
  return version === undefined
    ? apiVersions(request.headers.host ?? "")
    : apiResourceList(core.catalog, "", version);
}

function groupDocument(
  { catalog }: Core,
  group: string | undefined,
  version: string | undefined,
): object | undefined {
  if (group === undefined) return apiGroupList(catalog);
  return version === undefined ? apiGroup(catalog, group) : apiResourceList(catalog, group, version);
}
