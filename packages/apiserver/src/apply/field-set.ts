/**
 * A set of fields as metadata.managedFields writes it (FieldsV1). Elements of a path: `f:name` a member,
 * `k:{"name":"x"}` an item of a keyed list, `v:"x"` a value of a set. A node is `own` when the path up to it is in
 * the set. Source: Kubernetes, Server-Side Apply.
 */
export class FieldSet {
  own = false;
  readonly children = new Map<string, FieldSet>();

  /** The node below an element, made when it is missing. */
  child(element: string): FieldSet {
    let node = this.children.get(element);
    if (node === undefined) {
      node = new FieldSet();
      this.children.set(element, node);
    }
    return node;
  }

  get isEmpty(): boolean {
    return !this.own && [...this.children.values()].every((node) => node.isEmpty);
  }

  /** Whether a path, or anything below it, is in the set. */
  reaches(path: readonly string[]): boolean {
    let node: FieldSet | undefined = this;
    for (const element of path) node = node?.children.get(element);
    return node !== undefined && !node.isEmpty;
  }

  /** Every path of the set. */
  *paths(prefix: readonly string[] = []): Iterable<readonly string[]> {
    if (this.own) yield prefix;
    for (const [element, node] of this.children) yield* node.paths([...prefix, element]);
  }

  equals(other: FieldSet): boolean {
    return this.minus(other).isEmpty && other.minus(this).isEmpty;
  }

  plus(other: FieldSet): FieldSet {
    const result = new FieldSet();
    result.own = this.own || other.own;
    for (const set of [this, other]) {
      for (const [element, node] of set.children) {
        const known = result.children.get(element);
        result.children.set(element, known === undefined ? node : known.plus(node));
      }
    }
    return result;
  }

  minus(other: FieldSet | undefined): FieldSet {
    if (other === undefined) return this;
    const result = new FieldSet();
    result.own = this.own && !other.own;
    for (const [element, node] of this.children) {
      const left = node.minus(other.children.get(element));
      if (!left.isEmpty) result.children.set(element, left);
    }
    return result;
  }

  and(other: FieldSet): FieldSet {
    const result = new FieldSet();
    result.own = this.own && other.own;
    for (const [element, node] of this.children) {
      const there = other.children.get(element);
      const both = there === undefined ? undefined : node.and(there);
      if (both !== undefined && !both.isEmpty) result.children.set(element, both);
    }
    return result;
  }

  toJSON(): object {
    const members = [...this.children]
      .filter(([, node]) => !node.isEmpty)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const json = Object.fromEntries(members.map(([element, node]) => [element, node.toJSON()]));
    return this.own && members.length > 0 ? { ".": {}, ...json } : json;
  }

  /** Reads what toJSON() wrote. */
  static from(json: unknown, root = true): FieldSet {
    const set = new FieldSet();
    const members = Object.entries((json ?? {}) as Record<string, unknown>);
    set.own = !root && (members.length === 0 || members.some(([element]) => element === "."));
    for (const [element, value] of members)
      if (element !== ".") set.children.set(element, FieldSet.from(value, false));
    return set;
  }
}

/** ".spec.containers[name="web"].image", as messages name a path. */
export function formatPath(path: readonly string[]): string {
  return path
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith("f:")) return `.${rest}`;
      if (element.startsWith("v:")) return `[=${rest}]`;
      const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
    })
    .join("");
}
