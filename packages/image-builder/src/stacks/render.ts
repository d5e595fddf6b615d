import type { RunConfig } from "../registry/media-types.ts";
import { APP, type BuildPlan, type StackPlan } from "./plan.ts";

export interface RenderOptions {
  /** The image that it is built on. */
  base: string;
  /** Debian's packages that the source asks for itself. */
  extraPackages?: readonly string[];
  /** Those that it asks for to be built with alone. */
  buildPackages?: readonly string[];
  /** True for a folder of the source. */
  isFolder: (name: string) => boolean;
}

/** The name of the build context with our own files. */
export const OWN_CONTEXT = "jdos-stack";
/** The user that an application runs as: never root. */
const USER = "1000:1000";
/** Kept between builds of a system, so that a package is downloaded once. */
const APT_CACHES = ["/var/lib/apt/lists", "/var/cache/apt"];
/** How long lists of packages count as new. */
const LISTS_MINUTES = 10;

/** What an image of a plan is told. It is no part of the Dockerfile, where each word would be a step and a layer to buildah. */
export function runConfig({ env, command }: StackPlan): RunConfig {
  const variables = Object.entries({ PORT: "8080", HOME: APP, ...env });
  return {
    Env: variables.map(([name, value]) => `${name}=${value}`),
    WorkingDir: APP,
    ExposedPorts: { "8080/tcp": {} },
    User: USER,
    Cmd: [...command],
  };
}

/** A plan as a Dockerfile. Equal plans give equal text, so that layers are found again. */
export function renderDockerfile(plan: StackPlan, options: RenderOptions): string {
  const { build } = plan;
  const stages = [
    [
      `FROM ${options.base} AS runtime`,
      `WORKDIR ${APP}`,
      ...install({
        packages: [...plan.runtime, ...(options.extraPackages ?? [])],
        after: [
          ...(plan.prepare === undefined ? [] : [plan.prepare]),
          // An application may write beside its files, as to its home.
          `chown ${USER} ${APP}`,
        ],
      }),
    ],
    ...(build === undefined ? [] : [renderBuild(build, options)]),
    renderImage(plan, options),
  ];
  return `${stages.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function renderBuild({ packages, dependencies, compile }: BuildPlan, options: RenderOptions): string[] {
  return [
    "FROM runtime AS build",
    // Nothing that only builds is worth compiling beforehand.
    ...install({
      packages: [...packages, ...(options.buildPackages ?? [])],
      before: ["[ ! -e /usr/bin/py3compile ] || ln -sf /bin/true /usr/bin/py3compile"],
    }),
    ...(dependencies === undefined
      ? []
      : [...copyFiles(dependencies.files, options), run(dependencies.run, dependencies.caches)]),
    ...(compile === undefined ? [] : ["COPY . .", run(compile.run, compile.caches)]),
  ];
}

function renderImage(plan: StackPlan, options: RenderOptions): string[] {
  const outputs = (plan.build?.outputs ?? []).map(({ from, to }) => copy([from], to, "--from=build "));
  const own = plan.own === "all" ? [copy(["."], ".")] : copyFiles(plan.own, options);
  return [
    "FROM runtime",
    ...Object.keys(plan.files ?? {}).map((path) => copy([path.slice(1)], path, `--from=${OWN_CONTEXT} `)),
    // What changes seldom comes first, unless the build itself needed the whole source.
    ...(plan.build?.compile === undefined ? [...outputs, ...own] : [...own, ...outputs]),
  ];
}

interface Install {
  packages: readonly string[];
  before?: readonly string[];
  after?: readonly string[];
}

function install({ packages, before = [], after = [] }: Install): string[] {
  const wanted = [...new Set(packages)].sort();
  if (wanted.length === 0) return after.length === 0 ? [] : [run(after.join(" && "))];
  const stamp = "/var/lib/apt/lists/jdos-updated";
  const update = `apt-get -qq update && touch ${stamp}`;
  const apt = [
    // Two builds of a system may come here at once, and apt waits for nobody.
    "exec 9>/var/cache/apt/jdos-lock && flock 9",
    // Alternatives of some packages have manual pages, whose folder the base does without.
    "mkdir -p /usr/share/man/man1",
    `add() { DEBIAN_FRONTEND=noninteractive ${PYTHON_TIMES} apt-get ${APT_FLAGS} install ${wanted.join(" ")} >/var/log/jdos 2>&1; }`,
    `if [ -n "$(find ${stamp} -mmin -${LISTS_MINUTES} 2>/dev/null)" ]; then add || { ${update} && add; }; else ${update} && add; fi || { tail -n 40 /var/log/jdos; exit 1; }`,
    "rm -rf /var/log/* /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old",
  ];
  return [run([...before, ...apt, ...after].join(" && "), APT_CACHES)];
}

/** A layer is kept whole or not at all: dpkg need not sync each file. */
const APT_FLAGS =
  "-qq --yes --no-install-recommends -o APT::Sandbox::User=root -o Dpkg::Options::=--force-unsafe-io";
/** Makes Python's bytecode valid by content: the times of files are clamped in an image. Source: Python, py_compile. */
const PYTHON_TIMES = "SOURCE_DATE_EPOCH=0";

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
