import type { CommandSpec, OptionSpec } from "../command.ts";

const INSTALL_TIMEOUT: OptionSpec = {
  flags: "--timeout <seconds>",
  description: "give up waiting after this long (default: 600)",
  type: "integer",
};
const INSTALL: readonly OptionSpec[] = [
  { flags: "--registry <location>", description: "HOST[:PORT][/PATH]: where images are" },
  { flags: "--registry-url <url>", description: "where its API answers (default: https://HOST)" },
  { flags: "--registry-credentials <file>", description: "a docker configuration with JDOS's account there" },
  { flags: "--values <file>", description: "settings (manifests/cluster/values.yaml says which)" },
  {
    flags: "--images <file>",
    description: "images that are in the registry already: publish-platform's answer",
  },
  { flags: "--dry-run", description: "print the YAML, and change nothing" },
  INSTALL_TIMEOUT,
];

/** Brings the platform to a cluster and takes it away. */
export const CLUSTER: readonly CommandSpec[] = [
  {
    name: "install",
    description: "put the platform into a Kubernetes cluster",
    options: [...INSTALL],
    examples: [
      "jdos install --kubeconfig admin.conf --registry registry.example.org/jdos",
      "jdos install --kubeconfig admin.conf --values values.yaml --dry-run",
    ],
    load: () => import("../commands/install.ts"),
  },
  {
    name: "upgrade",
    description: "bring the platform of a cluster to this version, or to other values",
    options: [...INSTALL],
    examples: ["jdos upgrade --kubeconfig admin.conf"],
    load: () => import("../commands/upgrade.ts"),
  },
  {
    name: "uninstall",
    description: "remove the platform from a cluster, with or without the applications",
    options: [
      {
        flags: "--applications <choice>",
        description: "keep: they run on without the platform; delete: every system goes too",
      },
      INSTALL_TIMEOUT,
    ],
    examples: ["jdos uninstall --kubeconfig admin.conf --applications keep"],
    load: () => import("../commands/uninstall.ts"),
  },
];
