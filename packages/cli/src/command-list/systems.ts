import type { CommandSpec } from "../command.ts";
import { member } from "./member.ts";

const system = () => import("../commands/system.ts");
const secrets = () => import("../commands/secrets.ts");
const freeze = () => import("../commands/freeze.ts");
const notices = () => import("../commands/notices.ts");

/** Systems, and what belongs to all of their applications. */
export const SYSTEMS: readonly CommandSpec[] = [
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
];
