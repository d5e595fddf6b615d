/**
 * The Harbor project of a System: the prefix and its name. Harbor takes no two separators in a row, so a run of hyphens is
 * written ".<how many>.": "a--b" is "a.2.b". No two Systems share one, for names of Systems have no dot.
 */
export function projectName(prefix: string, system: string): string {
  return prefix + system.replaceAll(/-{2,}/g, (run) => `.${run.length}.`);
}

/** The System of a project; undefined: it is none's. */
export function systemOfProject(prefix: string, project: string): string | undefined {
  if (!project.startsWith(prefix)) return undefined;
  const system = project
    .slice(prefix.length)
    .replaceAll(/\.([1-9]\d?)\./g, (_, count) => "-".repeat(Number(count)));
  return projectName(prefix, system) === project ? system : undefined;
}
