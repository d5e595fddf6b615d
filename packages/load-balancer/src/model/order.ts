interface Created {
  readonly metadata: {
    readonly creationTimestamp: string;
    readonly namespace?: string;
    readonly name: string;
  };
}

/** Older objects first; equal ages by name, so that the order is the same every time. */
export function byCreation(a: Created, b: Created): number {
  return (
    a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
    `${a.metadata.namespace}/${a.metadata.name}`.localeCompare(`${b.metadata.namespace}/${b.metadata.name}`)
  );
}
