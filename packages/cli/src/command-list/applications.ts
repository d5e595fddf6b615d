import type { CommandSpec, OptionSpec } from "../command.ts";
import { FOLLOW, FORCE, WAIT } from "./common-options.ts";
import { member } from "./member.ts";

const POD: OptionSpec = { flags: "--pod <name>", description: "one Pod" };
const CONTAINER: OptionSpec = { flags: "--container <name>", description: "one container of the Pod" };
const app = () => import("../commands/app.ts");
const env = () => import("../commands/env.ts");

/** From source to running, and what runs. */
export const APPLICATIONS: readonly CommandSpec[] = [
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
        description: "how the new release takes over, from now on: rolling, canary, blue-green, in-place",
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
    load: () => import("../commands/deploy.ts"),
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
    load: () => import("../commands/ps.ts"),
  },
  {
    name: "logs",
    description: "what an application writes, and wrote: of all its Pods, also those that are gone",
    scope: "application",
    options: [
      FOLLOW,
      {
        flags: "-n, --tail <n>",
        description:
          "lines of each Pod, of the past of all together (default: 200; with a time: all; -1: all)",
        type: "integer",
      },
      { flags: "-p, --previous", description: "of the container before the last restart" },
      {
        flags: "--since <duration>",
        description: "not older than 90s, 10m, 2h, 1d; of Pods that are gone too",
      },
      { flags: "--until <duration>", description: "not younger than 90s, 10m, 2h, 1d" },
      { flags: "--grep <text>", description: "lines with this text in them" },
      { flags: "--release <n>", description: "of the Pods of this release", type: "integer" },
      POD,
      CONTAINER,
    ],
    examples: [
      "jdos logs -f --system demo --app hello",
      "jdos logs --since 2h --grep timeout --system demo --app hello",
    ],
    load: () => import("../commands/logs.ts"),
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
    load: () => import("../commands/exec.ts"),
  },
  {
    name: "scale",
    description: "change how many Pods run",
    scope: "application",
    options: [{ flags: "--replicas <n>", description: "how many", type: "integer" }, WAIT],
    load: () => import("../commands/scale.ts"),
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
];
