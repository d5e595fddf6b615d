/**
 * Bodies that Harbor's API takes, as documented. Source: goharbor/harbor, api/v2.0/swagger.yaml (v2.16): ProjectReq,
 * ProjectMetadata, RobotCreate, RobotPermission, Access, QuotaUpdateReq, ResourceList.
 */
type Schema = "string" | "boolean" | "integer" | readonly [Schema] | { readonly [name: string]: Schema };

const ACCESS: Schema = { resource: "string", action: "string", effect: "string" };
const PERMISSION: Schema = { kind: "string", namespace: "string", access: [ACCESS] };

export const HARBOR_BODIES = {
  ProjectReq: {
    project_name: "string",
    public: "boolean",
    metadata: { public: "string", auto_scan: "string", prevent_vul: "string", severity: "string" },
    storage_limit: "integer",
    registry_id: "integer",
  },
  RobotCreate: {
    name: "string",
    description: "string",
    secret: "string",
    level: "string",
    disable: "boolean",
    duration: "integer",
    permissions: [PERMISSION],
  },
  QuotaUpdateReq: { hard: { storage: "integer" } },
} as const satisfies Record<string, Schema>;

/** How a body does not fit a schema; undefined: it does. A member that is not documented does not fit either. */
export function misfit(value: unknown, schema: Schema, at = "body"): string | undefined {
  if (schema === "integer") return Number.isSafeInteger(value) ? undefined : `${at} is no integer`;
  if (typeof schema === "string") return typeof value === schema ? undefined : `${at} is no ${schema}`;
  if (Array.isArray(schema)) {
    if (!Array.isArray(value)) return `${at} is no array`;
    return first(value.map((each, index) => misfit(each, schema[0] as Schema, `${at}[${index}]`)));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${at} is no object`;
  const members = schema as { readonly [name: string]: Schema };
  return first(
    Object.entries(value).map(([name, member]) =>
      members[name] === undefined
        ? `${at}.${name} is not documented`
        : misfit(member, members[name], `${at}.${name}`),
    ),
  );
}

function first(found: readonly (string | undefined)[]): string | undefined {
  return found.find((each) => each !== undefined);
}
