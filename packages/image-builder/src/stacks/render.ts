import { APP, type BuildPlan, type StackPlan } from "./plan.ts";

export interface RenderOptions {
  /** The image that it is built on. */
  base: string;
  /** Debian's packages that the source asks for itself. */
  extraPackages?: readonly string[];
  /** True for a folder of the source. */
  isFolder: (name: string) => boolean;
}

/** The name of the build context with our own files. */
export const OWN_CONTEXT = "jdos-stack";
/** The user that an application runs as: never root. */
const USER = "1000:1000";
/** Kept between builds of a system, so that a package is downloaded once. */
const APT_CACHES = ["/var/lib/apt/lists", "/var/cache/apt"];

/** A plan as a Dockerfile. Equal plans give equal text, so that layers are found again. */
export function renderDockerfile(plan: StackPlan, options: RenderOptions): string {
  const { build } = plan;
  const stages = [
    [
      `FROM ${options.base} AS runtime`,
      ...install(
        [...plan.runtime, ...(options.extraPackages ?? [])],
        [
          ...(plan.prepare === undefined ? [] : [plan.prepare]),
          // An application may write beside its files, as to its home.
          `mkdir -p ${APP} && chown ${USER} ${APP}`,
        ],
      ),
    ],
    ...(build === undefined ? [] : [renderBuild(build, options)]),
    renderImage(plan, options),
  ];
  return `${stages.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function renderBuild({ packages, dependencies, compile }: BuildPlan, options: RenderOptions): string[] {
  return [
    "FROM runtime AS build",
    ...install(packages),
    `WORKDIR ${APP}`,
    ...(dependencies === undefined
      ? []
      : [...copyFiles(dependencies.files, options), run(dependencies.run, dependencies.caches)]),
    ...(compile === undefined ? [] : ["COPY . .", run(compile.run, compile.caches)]),
  ];
}

/** What an application is told comes first, so that a change of its files makes as few layers as it can. */
function renderImage(plan: StackPlan, options: RenderOptions): string[] {
  const env = Object.entries({ PORT: "8080", HOME: APP, ...plan.env });
  const outputs = (plan.build?.outputs ?? []).map(({ from, to }) => copy([from], to, "--from=build "));
  const own = plan.own === "all" ? [copy(["."], ".")] : copyFiles(plan.own, options);
  return [
    "FROM runtime",
    `WORKDIR ${APP}`,
    `ENV ${env.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ")}`,
    "EXPOSE 8080",
    `USER ${USER}`,
    `CMD ${JSON.stringify(plan.command)}`,
    ...Object.keys(plan.files ?? {}).map((path) => copy([path.slice(1)], path, `--from=${OWN_CONTEXT} `)),
    // What changes seldom comes first, unless the build itself needed the whole source.
    ...(plan.build?.compile === undefined ? [...outputs, ...own] : [...own, ...outputs]),
  ];
}

function install(packages: readonly string[], after: readonly string[] = []): string[] {
  const wanted = [...new Set(packages)].sort();
  if (wanted.length === 0 && after.length === 0) return [];
  const apt = [
    // Two builds of a system may come here at once, and apt waits for nobody.
    "exec 9>/var/cache/apt/jdos-lock && flock 9",
    // Alternatives of some packages have manual pages, whose folder the base does without.
    "mkdir -p /usr/share/man/man1",
    "apt-get -qq update",
    `{ DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends -o APT::Sandbox::User=root ${wanted.join(" ")} >/var/log/jdos || { tail -n 40 /var/log/jdos; exit 1; }; }`,
    "rm -rf /var/log/* /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old",
  ];
  const commands = [...(wanted.length === 0 ? [] : apt), ...after];
  return [run(commands.join(" && "), wanted.length === 0 ? [] : APT_CACHES)];
}

function run(command: string, caches: readonly string[] = []): string {
  const mounts = caches.map((target) => `--mount=type=cache,target=${target} `);
  return `RUN ${mounts.join("")}${command}`;
}

function copyFiles(names: readonly string[], { isFolder }: RenderOptions): string[] {
  const files = names.filter((name) => !isFolder(name) && !name.includes("/"));
  const others = names.filter((name) => !files.includes(name));
  return [
    ...(files.length === 0 ? [] : [copy(files, "./")]),
    ...others.map((name) => copy([name], isFolder(name) ? `./${name}/` : `./${name}`)),
  ];
}

function copy(from: readonly string[], to: string, flags = ""): string {
  return `COPY ${flags}--chown=${USER} ${JSON.stringify([...from, to])}`;
}
