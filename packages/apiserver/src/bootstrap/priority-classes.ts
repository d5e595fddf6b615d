import { PriorityClasses } from "@jdos/api";
import type { Client } from "@jdos/client";
import { ensure } from "./ensure.ts";

const CLASSES = [
  {
    name: "system-cluster-critical",
    value: 2_000_000_000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
  {
    name: "system-node-critical",
    value: 2_000_001_000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
];

/** The two classes above everything users may ask for. */
export async function ensurePriorityClasses(client: Client): Promise<void> {
  await Promise.all(
    CLASSES.map(({ name, value, description }) =>
      ensure(client, PriorityClasses, {
        metadata: { name },
        value,
        description,
        preemptionPolicy: "PreemptLowerPriority",
      }),
    ),
  );
}
