import { AUTHORITIES } from "../dockerfile/volumes.ts";
import { readProject } from "../node/package.ts";
import { isOfSeveral, managerOf } from "../node/plan.ts";
import { LIGHTTPD_COMMAND, LIGHTTPD_CONFIGURATION, lighttpdConfiguration } from "./lighttpd.ts";
import { APP, type StackModule, type StackPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";

/** Where a site may be in a source that is not built. */
const SITE_FOLDERS = ["", "public", "dist", "www", "site", "html"];
/** Where front-end builds leave a site. */
const OUTPUT_FOLDERS = ["dist", "dist/*/browser", "build", "out", ".output/public", "_site", "public"];
/** The first of them that has a page. */
const TAKE = [
  `for site in ${OUTPUT_FOLDERS.join(" ")}; do if [ -f $site/index.html ]; then mv $site /out && exit; fi; done`,
  `echo "no index.html in ${OUTPUT_FOLDERS.join(", ")}" >&2; exit 1`,
].join("; ");

interface Frontend {
  scripts?: Record<string, string>;
}

export const staticSite: StackModule = {
  name: "static",
  looksFor: "index.html, or package.json with a build script",
  recognise: (source) => {
    if (source.procfileWeb !== undefined) return undefined;
    if (isFrontend(source))
      return "the source has package.json with a build script and nothing that starts it";
    const folder = siteFolder(source);
    return folder === undefined ? undefined : `the source has ${folder === "" ? "" : `${folder}/`}index.html`;
  },
  plan: (source) => (isFrontend(source) ? frontend(source) : site(siteFolder(source) ?? "")),
};

function isFrontend(source: SourceTree): boolean {
  return source.has("package.json") && source.json<Frontend>("package.json").scripts?.build !== undefined;
}

function siteFolder(source: SourceTree): string | undefined {
  return SITE_FOLDERS.find((folder) => source.has(folder === "" ? "index.html" : `${folder}/index.html`));
}

function site(folder: string): StackPlan {
  return {
    runtime: ["lighttpd"],
    own: folder === "" ? "all" : [folder],
    files: { [LIGHTTPD_CONFIGURATION]: lighttpdConfiguration({ folder }) },
    command: LIGHTTPD_COMMAND,
    notes: [`start: lighttpd, which serves ${folder === "" ? "the source" : `${folder}/`}`],
  };
}

/** What package managers read beside package.json and lockfile. */
const SETTINGS = [".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs"];
/** Where they keep what they fetched. */
const CACHES = {
  npm: ["/root/.npm"],
  pnpm: ["/root/.npm", "/root/.local/share/pnpm"],
  yarn: ["/root/.npm", "/usr/local/share/.cache", "/root/.yarn/berry"],
} as const;

/** What npm is told of authorities and registry, for those who read none of its files. */
const TRUST = `if [ -e ${AUTHORITIES} ]; then export NODE_EXTRA_CA_CERTS=${AUTHORITIES}; fi`;
const REGISTRY =
  "registry=$(npm config get registry); export npm_config_registry=$registry YARN_REGISTRY=$registry YARN_NPM_REGISTRY_SERVER=$registry";

/** Its package manager builds it; a path without a file is the single page's own affair. */
function frontend(source: SourceTree): StackPlan {
  const project = readProject(source.directory);
  const manager = managerOf(project);
  const command = (argv: readonly string[]): string =>
    [...Object.entries(manager.env).map(([name, value]) => `${name}=${value}`), ...argv].join(" ");
  const caches = CACHES[manager.name];
  const install = command(manager.install({ development: true, scripts: false }));
  const isWhole = isOfSeveral(project);
  const files = ["package.json", ...(project.lockfile === undefined ? [] : [project.lockfile]), ...SETTINGS];
  const settled = manager.name === "npm" ? TRUST : `${TRUST}; ${REGISTRY}`;
  const build = [...(isWhole ? [install] : []), command(manager.rebuild()), "npm run build", TAKE];
  return {
    runtime: ["lighttpd"],
    build: {
      packages: [],
      ...(isWhole
        ? {}
        : {
            dependencies: {
              files: files.filter((name) => source.has(name)),
              run: `${settled}; ${install}`,
              caches,
            },
          }),
      compile: { run: `${settled}; ${build.join(" && ")}`, caches },
      outputs: [{ from: "/out", to: `${APP}/site` }],
    },
    own: [],
    files: { [LIGHTTPD_CONFIGURATION]: lighttpdConfiguration({ folder: "site", fallback: "index.html" }) },
    command: LIGHTTPD_COMMAND,
    notes: [
      `build: npm run build, with what ${manager.name} installs`,
      "start: lighttpd, which serves what the build script made",
    ],
  };
}
