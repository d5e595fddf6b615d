import type { CommandModule, CommandSpec, OptionSpec } from "./command.ts";

const WAIT: OptionSpec = { flags: "--no-wait", description: "return when the change is accepted" };
const FORCE: OptionSpec = { flags: "--force", description: "go before a freeze window, which owners may" };
const POD: OptionSpec = { flags: "--pod <name>", description: "one Pod" };
const CONTAINER: OptionSpec = { flags: "--container <name>", description: "one container of the Pod" };
const FOLLOW: OptionSpec = { flags: "-f, --follow", description: "go on with lines as they come" };
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

/** A module with several commands, each exported under its own name. */
const member =
  <M extends object, K extends keyof M>(load: () => Promise<M>, name: K) =>
  async (): Promise<CommandModule> =>
    (await load())[name] as CommandModule;

const system = () => import("./commands/system.ts");
const app = () => import("./commands/app.ts");
const env = () => import("./commands/env.ts");
const builds = () => import("./commands/builds.ts");
const releases = () => import("./commands/releases.ts");
const verify = () => import("./commands/verify.ts");
const canary = () => import("./commands/canary.ts");

const secrets = () => import("./commands/secrets.ts");
const freeze = () => import("./commands/freeze.ts");
const notices = () => import("./commands/notices.ts");
const hooks = () => import("./commands/hooks.ts");
const preview = () => import("./commands/preview.ts");
const HOOK = { name: "name", description: "default: the application's name", optional: true } as const;

/** Every command, in the order of --help. */
export const COMMANDS: readonly CommandSpec[] = [
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
    ],
    examples: ["jdos up --detach", "jdos up --instance auto --data-dir /tmp/trial"],
    load: () => import("./commands/up.ts"),
  },
  {
    name: "down",
    machineOnly: true,
    description: "stop the platform and its containers",
    options: [{ flags: "--purge", description: "also delete its data" }],
    load: () => import("./commands/down.ts"),
  },
  {
    name: "status",
    description: "what runs on this machine, or in a cluster",
    load: () => import("./commands/status.ts"),
  },
  {
    name: "kubeconfig",
    machineOnly: true,
    description: "print the path of a kubeconfig for kubectl",
    examples: ["KUBECONFIG=$(jdos kubeconfig) kubectl get pods -A"],
    load: () => import("./commands/kubeconfig.ts"),
  },
  {
    name: "doctor",
    machineOnly: true,
    description: "what this machine lacks, and how to get it",
    load: () => import("./commands/doctor.ts"),
  },

  {
    name: "install",
    description: "put the platform into a Kubernetes cluster",
    options: [...INSTALL],
    examples: [
      "jdos install --kubeconfig admin.conf --registry registry.example.org/jdos",
      "jdos install --kubeconfig admin.conf --values values.yaml --dry-run",
    ],
    load: () => import("./commands/install.ts"),
  },
  {
    name: "upgrade",
    description: "bring the platform of a cluster to this version, or to other values",
    options: [...INSTALL],
    examples: ["jdos upgrade --kubeconfig admin.conf"],
    load: () => import("./commands/upgrade.ts"),
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
    load: () => import("./commands/uninstall.ts"),
  },

  {
    name: "system create",
    description: "create a system: a place for applications with its own quota and members",
    arguments: [{ name: "name", description: "lower-case letters, digits and dashes" }],
    options: [
      { flags: "--display-name <text>", description: "what people call it" },
      { flags: "--department <text>", description: "whose it is" },
      { flags: "--cpu <quantity>", description: "quota of CPU, as 4 or 500m" },
      { flags: "--memory <quantity>", description: "quota of memory, as 8Gi" },
      { flags: "--pods <n>", description: "quota of Pods", type: "integer" },
    ],
    load: member(system, "create"),
  },
  { name: "system list", description: "all systems", load: member(system, "list") },
  {
    name: "system get",
    description: "one system",
    arguments: [{ name: "name", description: "its name" }],
    load: member(system, "get"),
  },
  {
    name: "system delete",
    description: "delete a system and everything in it",
    arguments: [{ name: "name", description: "its name" }],
    load: member(system, "remove"),
  },

  {
    name: "system freeze add",
    description: "a time in which no release becomes current",
    scope: "system",
    arguments: [{ name: "name", description: "of the window" }],
    options: [
      { flags: "--from <time>", description: "once: when it begins, as 2026-12-20T00:00:00Z" },
      { flags: "--to <time>", description: "once: when it ends" },
      { flags: "--days <days>", description: "each week: Fri,Sat (default: every day)" },
      { flags: "--hours <hours>", description: "each week: 22:00-06:00 (default: the whole day)" },
      { flags: "--time-zone <zone>", description: "of days and hours, as Europe/Berlin (default: UTC)" },
      { flags: "--reason <text>", description: "told to whom it stops" },
    ],
    load: member(freeze, "add"),
  },
  {
    name: "system freeze list",
    description: "its freeze windows",
    scope: "system",
    load: member(freeze, "list"),
  },
  {
    name: "system freeze delete",
    description: "end a freeze window for good",
    scope: "system",
    arguments: [{ name: "name", description: "of the window" }],
    load: member(freeze, "remove"),
  },
  {
    name: "system notices add",
    description: "post JSON to an address when builds and releases end",
    scope: "system",
    arguments: [{ name: "name", description: "of the notice" }],
    options: [
      { flags: "--url <url>", description: "where to" },
      { flags: "--url-secret <name/key>", description: "a secret that has the address" },
      { flags: "--events <events>", description: "as build.failed,release.deployed (default: all)" },
      { flags: "--secret <name/key>", description: "a secret to sign with" },
    ],
    load: member(notices, "add"),
  },
  {
    name: "system notices list",
    description: "who is told, and whether it arrives",
    scope: "system",
    load: member(notices, "list"),
  },
  {
    name: "system notices delete",
    description: "tell an address no more",
    scope: "system",
    arguments: [{ name: "name", description: "of the notice" }],
    load: member(notices, "remove"),
  },
  {
    name: "secrets set",
    description: "keep values for variables of a system's applications; they are never shown again",
    scope: "system",
    arguments: [
      { name: "name", description: "of the secret" },
      { name: "values", description: "KEY=VALUE ...", rest: true, optional: true },
    ],
    options: [
      { flags: "--from-file <key=path>", description: "a value out of a file" },
      { flags: "--stdin <key>", description: "a value from standard input" },
      { flags: "--unset <keys>", description: "keys that go away, as a,b" },
    ],
    examples: ["jdos secrets set db --stdin password --system demo < password.txt"],
    load: member(secrets, "set"),
  },
  {
    name: "secrets list",
    description: "names and keys, no values",
    scope: "system",
    load: member(secrets, "list"),
  },
  {
    name: "secrets delete",
    description: "delete a secret that no application uses",
    scope: "system",
    arguments: [{ name: "name", description: "of the secret" }],
    load: member(secrets, "remove"),
  },

  {
    name: "deploy",
    description: "from source to running: build it, release it, wait until it is ready, print its URL",
    scope: "application",
    scopeInSource: true,
    arguments: [
      {
        name: "source",
        description: "a directory, a git URL (with #revision), or image:REFERENCE (default: this directory)",
        optional: true,
      },
    ],
    options: [
      { flags: "--replicas <n>", description: "how many Pods", type: "integer" },
      {
        flags: "--port <n>",
        description: "the port it listens on (default: 8080, told to it as PORT)",
        type: "integer",
      },
      {
        flags: "--health <path>",
        description: "HTTP path that says whether a Pod is ready (default: its port accepts a connection)",
      },
      { flags: "--memory <quantity>", description: "memory of each Pod, as 256Mi" },
      { flags: "--cpu <quantity>", description: "CPU of each Pod, as 500m" },
      {
        flags: "--strategy <name>",
        description: "how the new release takes over, from now on: rolling, canary, blue-green",
      },
      FORCE,
      { flags: "--dockerfile <path>", description: "path of the Dockerfile within the source" },
      {
        flags: "--git-secret <name>",
        description:
          "the system's secret to read the repository with: password and username, or ssh-privatekey",
      },
      {
        flags: "--timeout <seconds>",
        description: "give up watching after this long (default: 900)",
        type: "integer",
      },
    ],
    examples: [
      "jdos deploy examples/hello-node --system demo --app hello",
      "jdos deploy https://git.example/shop.git#v2 --system demo --app shop",
      "jdos deploy git@git.example:team/shop.git --git-secret shop-key --system demo --app shop",
      "jdos deploy    # this directory, whose jdos.yaml says system and app",
    ],
    load: () => import("./commands/deploy.ts"),
  },
  {
    name: "app create",
    description: "make an application without a source, and say how to push one to it",
    arguments: [{ name: "name", description: "small letters, digits and dashes" }],
    scope: "system",
    options: [
      { flags: "--replicas <n>", description: "how many Pods", type: "integer" },
      { flags: "--branches <patterns>", description: "branches that are deployed (default: main,master)" },
      { flags: "--path <folder>", description: "the folder of the repository that it is made of" },
    ],
    examples: ["jdos app create shop --system demo", "jdos app create web --system demo --path services/web"],
    load: member(app, "create"),
  },
  {
    name: "app remote",
    description: "how to push to an application with git",
    scope: "application",
    load: member(app, "remote"),
  },
  {
    name: "app list",
    description: "applications, of one system or of all",
    options: [{ flags: "--system <name>", description: "of this system" }],
    load: member(app, "list"),
  },
  { name: "app get", description: "one application", scope: "application", load: member(app, "get") },
  {
    name: "app delete",
    description: "delete an application and what it runs",
    scope: "application",
    load: member(app, "remove"),
  },
  {
    name: "ps",
    description: "the Pods of an application",
    scope: "application",
    load: () => import("./commands/ps.ts"),
  },
  {
    name: "logs",
    description: "what an application writes, of all its Pods",
    scope: "application",
    options: [
      FOLLOW,
      { flags: "--tail <n>", description: "lines of each Pod (default: 200; -1: all)", type: "integer" },
      { flags: "-p, --previous", description: "of the container before the last restart" },
      { flags: "--since <duration>", description: "not older than 90s, 10m, 2h, 1d" },
      POD,
      CONTAINER,
    ],
    load: () => import("./commands/logs.ts"),
  },
  {
    name: "exec",
    description: "run a command in a Pod of an application",
    scope: "application",
    arguments: [{ name: "command", description: "after --", rest: true }],
    options: [
      POD,
      CONTAINER,
      { flags: "-i, --stdin", description: "send standard input (default: on a terminal)" },
      { flags: "-t, --tty", description: "give it a terminal (default: on a terminal)" },
      { flags: "-T, --no-tty", description: "give it no terminal" },
    ],
    examples: ["jdos exec --system demo --app hello -- sh"],
    load: () => import("./commands/exec.ts"),
  },
  {
    name: "scale",
    description: "change how many Pods run",
    scope: "application",
    options: [{ flags: "--replicas <n>", description: "how many", type: "integer" }, WAIT],
    load: () => import("./commands/scale.ts"),
  },
  {
    name: "env set",
    description: "set variables: a new release with the same image",
    scope: "application",
    arguments: [{ name: "variables", description: "NAME=VALUE ..., or NAME with --secret", rest: true }],
    options: [
      { flags: "--secret <name/key>", description: "take it from a secret of the system" },
      FORCE,
      WAIT,
    ],
    examples: ["jdos env set DATABASE_URL --secret db/url --system demo --app shop"],
    load: member(env, "set"),
  },
  {
    name: "env unset",
    description: "remove variables",
    scope: "application",
    arguments: [{ name: "names", description: "NAME ...", rest: true }],
    options: [FORCE, WAIT],
    load: member(env, "unset"),
  },
  { name: "env list", description: "the variables", scope: "application", load: member(env, "list") },
  {
    name: "builds",
    description: "the builds of an application",
    scope: "application",
    load: member(builds, "list"),
  },
  {
    name: "build logs",
    description: "what a build wrote",
    scope: "application",
    arguments: [{ name: "number", description: "default: the latest", optional: true }],
    options: [FOLLOW],
    load: member(builds, "logs"),
  },
  {
    name: "build log",
    description: "the same as build logs",
    scope: "application",
    arguments: [{ name: "number", description: "default: the latest", optional: true }],
    options: [FOLLOW],
    load: member(builds, "logs"),
  },
  {
    name: "build cancel",
    description: "stop a build, queued or running",
    scope: "application",
    arguments: [{ name: "number", description: "of the build: 3, b3" }],
    load: member(builds, "cancel"),
  },
  {
    name: "build retry",
    description: "a new build of the same source and settings, to its end",
    scope: "application",
    arguments: [{ name: "number", description: "of the build: 3, b3" }],
    options: [WAIT],
    load: member(builds, "retry"),
  },
  {
    name: "releases",
    description: "the releases of an application, the newest first",
    scope: "application",
    load: member(releases, "list"),
  },
  {
    name: "verify",
    description: "who built what from what, and whether signature, provenance and list of packages fit",
    scope: "application",
    options: [{ flags: "--release <n>", description: "default: the current one", type: "integer" }],
    examples: [
      "jdos verify --system demo --app hello",
      "jdos verify --system demo --app hello --release 3 -o json",
    ],
    load: member(verify, "verify"),
  },
  {
    name: "registry key",
    description: "print the public key that the signatures of images are checked with",
    load: member(verify, "key"),
  },
  {
    name: "releases diff",
    description: "what two releases differ in: image, variables, resources, routes",
    scope: "application",
    arguments: [
      { name: "from", description: "a number; alone: compared with the one before it", optional: true },
      { name: "to", description: "a number (default: the current one)", optional: true },
    ],
    load: member(releases, "diff"),
  },
  {
    name: "promote",
    description: "give another application the image of a release, without a build",
    scope: "application",
    options: [
      { flags: "--to <app>", description: "the other application; made when it is not there" },
      { flags: "--to-system <name>", description: "its system (default: the same)" },
      { flags: "--release <version>", description: "which release (default: the one that serves)" },
      FORCE,
      WAIT,
    ],
    examples: ["jdos promote --system test --app shop --to shop --to-system production"],
    load: () => import("./commands/promote.ts"),
  },
  {
    name: "rollback",
    description: "return to an earlier release: a new release with its image and configuration",
    scope: "application",
    arguments: [
      { name: "version", description: "its number (default: the one before the current)", optional: true },
    ],
    options: [FORCE, WAIT],
    load: member(releases, "rollback"),
  },
  {
    name: "hooks list",
    description: "the webhooks of an application",
    scope: "application",
    load: member(hooks, "list"),
  },
  {
    name: "hooks create",
    description: "let a forge build an application at each push; prints what to enter there",
    scope: "application",
    options: [
      { flags: "--forge <forge>", description: "github, gitlab, gitea (Forgejo too) or generic" },
      { flags: "--name <name>", description: "default: the application's name" },
      { flags: "--branches <patterns>", description: "branches that deploy, as main,release/*" },
      { flags: "--tags <patterns>", description: "tags that deploy, as v*" },
      { flags: "--previews", description: "run each pull request as an application of its own" },
      {
        flags: "--forks",
        description: "those out of other repositories too: their code runs with these settings",
      },
    ],
    examples: ["jdos hooks create --forge github --branches main --previews --system demo --app shop"],
    load: member(hooks, "create"),
  },
  {
    name: "hooks rotate",
    description: "make another secret; the one before is worth nothing at once",
    scope: "application",
    arguments: [HOOK],
    load: member(hooks, "rotate"),
  },
  {
    name: "hooks deliveries",
    description: "what a forge sent lately, and what came of it",
    scope: "application",
    arguments: [HOOK],
    load: member(hooks, "deliveries"),
  },
  {
    name: "hooks redeliver",
    description: "handle a delivery again",
    scope: "application",
    arguments: [{ name: "delivery", description: "its id: jdos hooks deliveries shows it" }],
    options: [{ flags: "--hook <name>", description: "default: the application's name" }],
    load: member(hooks, "redeliver"),
  },
  {
    name: "hooks delete",
    description: "delete a webhook",
    scope: "application",
    arguments: [HOOK],
    load: member(hooks, "remove"),
  },
  {
    name: "preview list",
    description: "the previews of pull requests",
    scope: "application",
    load: member(preview, "list"),
  },
  {
    name: "preview delete",
    description: "delete a preview before its time",
    scope: "application",
    arguments: [{ name: "number", description: "of the pull request" }],
    load: member(preview, "remove"),
  },
  {
    name: "canary status",
    description: "how a release is being tried: its share of the requests, its errors",
    scope: "application",
    load: member(canary, "status"),
  },
  {
    name: "canary promote",
    description: "go on with a release that waits, or without waiting any longer",
    scope: "application",
    options: [{ flags: "--all", description: "past all steps" }],
    load: member(canary, "promote"),
  },
  {
    name: "canary abort",
    description: "leave the release that is being rolled out: a new release returns to the one that serves",
    scope: "application",
    load: member(canary, "abort"),
  },
  {
    name: "events",
    description: "what happened to an application lately",
    scope: "application",
    load: () => import("./commands/events.ts"),
  },
  {
    name: "why",
    description: "why an application is as it is, in one sentence, and the next step",
    scope: "application",
    load: () => import("./commands/why.ts"),
  },
  {
    name: "open",
    description: "print an application's URL, and open it where there is a browser",
    scope: "application",
    load: () => import("./commands/open.ts"),
  },
];

/** What the groups of commands are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  secrets: "values that applications take variables from",
  "system freeze": "times in which no release becomes current",
  "system notices": "who is told of builds and releases",
  system: "systems: places for applications",
  app: "applications",
  env: "variables of an application",
  build: "builds of an application",
  canary: "a release that is being tried beside the one that serves",
  hooks: "webhooks: a forge's pushes build an application",
  preview: "previews of pull requests",
  registry: "where images are",
};
