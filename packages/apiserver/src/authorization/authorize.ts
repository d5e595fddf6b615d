import { StatusError } from "@jdos/apimachinery";
import type { Call, Core } from "../registry/call.ts";
import type { Attributes, Authorizer } from "./authorizer.ts";

/** @throws StatusError Forbidden in the words of Kubernetes */
export function authorize(authorizer: Authorizer, attributes: Attributes): void {
  const decision = authorizer.decide(attributes);
  if (!decision.allowed) throw forbidden(attributes, decision.reason);
}

/** Checks a verb on the object or collection of a call. */
export function authorizeCall(core: Core, call: Call, verb: string): void {
  const { type } = call.endpoint;
  authorize(core.authorizer, {
    user: call.user,
    verb,
    group: type.group,
    version: type.version,
    resource: type.resource,
    ...(call.subresource === undefined ? {} : { subresource: call.subresource }),
    namespace: namespaceOf(call),
    name: call.name,
  });
}

/** A Namespace stands in the namespace of its own name, so that its administrators may read it. */
function namespaceOf({ endpoint: { type }, namespace, name }: Call): string {
  return type.group === "" && type.resource === "namespaces" ? name : namespace;
}

/** pods "web" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "default" */
export function forbidden(attributes: Attributes, reason = ""): StatusError {
  const { user, verb, group = "", resource, subresource, namespace, name, path } = attributes;
  const because = reason === "" ? "" : `: ${reason}`;
  if (resource === undefined) {
    return new StatusError(
      "Forbidden",
      `forbidden: User "${user.name}" cannot ${verb} path "${path}"${because}`,
      { details: {} },
    );
  }
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  const qualified = group === "" ? resource : `${resource}.${group}`;
  const subject = name === undefined || name === "" ? qualified : `${qualified} "${name}"`;
  const where =
    namespace === undefined || namespace === ""
      ? " at the cluster scope"
      : ` in the namespace "${namespace}"`;
  return new StatusError(
    "Forbidden",
    `${subject} is forbidden: User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}"${where}${because}`,
    {
      details: {
        ...(name === undefined || name === "" ? {} : { name }),
        ...(group === "" ? {} : { group }),
        kind: resource,
      },
    },
  );
}
