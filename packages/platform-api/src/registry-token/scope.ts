/** What a registry client asks for: `repository:<name>:pull,push`. Source: distribution, Token Scope Documentation. */
export interface Access {
  type: string;
  name: string;
  actions: string[];
}

const REPOSITORY =
  /^[a-z0-9]+(?:[._-][a-z0-9]+|__[a-z0-9]+|-+[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;

/** Reads one or more scope parameters; each may hold several scopes with spaces between. Malformed ones are left out. */
export function parseScopes(scopes: readonly string[]): Access[] {
  return scopes
    .flatMap((scope) => scope.split(" "))
    .filter((scope) => scope !== "")
    .slice(0, 32)
    .flatMap((scope) => {
      const first = scope.indexOf(":");
      const last = scope.lastIndexOf(":");
      if (first < 0 || first === last) return [];
      const type = scope.slice(0, first).replace(/\(.*\)$/, "");
      const name = scope.slice(first + 1, last);
      const actions = [...new Set(scope.slice(last + 1).split(","))].filter((action) =>
        /^(?:[a-z]+|\*)$/.test(action),
      );
      const known =
        type === "registry"
          ? name === "catalog"
          : type === "repository" && name.length <= 255 && REPOSITORY.test(name);
      return known ? [{ type, name, actions }] : [];
    });
}
