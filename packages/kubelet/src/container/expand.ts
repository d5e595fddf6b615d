/**
 * Replaces $(NAME) by the variable's value; an unknown name stays as written, and $$ is one $.
 * Source: kubernetes.io, Define Dependent Environment Variables.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match: string, name: string | undefined) => {
    if (match === "$$") return "$";
    return lookup(name!) ?? match;
  });
}
