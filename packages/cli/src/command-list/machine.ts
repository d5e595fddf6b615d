import type { CommandSpec } from "../command.ts";

/** Starts, stops and looks at the platform of this machine. */
export const MACHINE: readonly CommandSpec[] = [
  {
    name: "up",
    machineOnly: true,
    description: "start the platform on this machine",
    options: [
      { flags: "--detach", description: "return when it is ready; it goes on by itself" },
      {
        flags: "--instance <n>",
        description:
          "which of several side by side: 0 to 59, or auto (default: the data directory's own, else 0)",
      },
      { flags: "--listen-address <address>", description: "where people reach it (default: 127.0.0.1)" },
      { flags: "--build-concurrency <n>", description: "builds under way at once (default: 2)" },
      {
        flags: "--registry-limit <limit>",
        description: "what the registry may hold: 80% of the disk (default), or 50Gi",
      },
      {
        flags: "--log-limit <size>",
        description: "what kept logs may take: 2Gi (default), or 0: none are kept",
      },
      { flags: "--log-days <n>", description: "how long logs are kept (default: 7)" },
      {
        flags: "--registry-mirrors <file>",
        description:
          "where images of other registries come from (YAML): docker.io: registry.example.org/dockerhub",
      },
      {
        flags: "--registry-mirror-credentials <file>",
        description: "a docker configuration with the accounts of mirrors",
      },
    ],
    examples: ["jdos up --detach", "jdos up --instance auto --data-dir /tmp/trial"],
    load: () => import("../commands/up.ts"),
  },
  {
    name: "down",
    machineOnly: true,
    description: "stop the platform and its containers",
    options: [{ flags: "--purge", description: "also delete its data" }],
    load: () => import("../commands/down.ts"),
  },
  {
    name: "status",
    description: "what runs on this machine, or in a cluster",
    load: () => import("../commands/status.ts"),
  },
  {
    name: "kubeconfig",
    machineOnly: true,
    description: "print the path of a kubeconfig for kubectl",
    examples: ["KUBECONFIG=$(jdos kubeconfig) kubectl get pods -A"],
    load: () => import("../commands/kubeconfig.ts"),
  },
  {
    name: "doctor",
    machineOnly: true,
    description: "what this machine lacks, and how to get it",
    load: () => import("../commands/doctor.ts"),
  },
];
