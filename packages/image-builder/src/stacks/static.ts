import { LIGHTTPD_COMMAND, LIGHTTPD_CONFIGURATION, lighttpdConfiguration } from "./lighttpd.ts";
import { APP, type StackModule, type StackPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";

/** Where a site may be in a source that is not built. */
const SITE_FOLDERS = ["", "public", "dist", "www", "site", "html"];
/** Where front-end builds leave a site. */
const OUTPUT_FOLDERS = ["dist", "build", "out", "_site", "public"];

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

/** npm builds it; a path without a file is the single page's own affair. */
function frontend(source: SourceTree): StackPlan {
  const isLocked = source.has("package-lock.json") || source.has("npm-shrinkwrap.json");
  const take = OUTPUT_FOLDERS.map((name) => `[ -f ${name}/index.html ] && mv ${name} /out`).join(" || ");
  const files = ["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"];
  const looked = OUTPUT_FOLDERS.join(", ");
  return {
    runtime: ["lighttpd"],
    build: {
      packages: [],
      dependencies: {
        files: files.filter((name) => source.has(name)),
        run: `npm ${isLocked ? "ci" : "install"} --include=dev --ignore-scripts --no-audit --no-fund --no-update-notifier`,
        caches: ["/root/.npm"],
      },
      compile: {
        run: `npm rebuild --no-audit && npm run build && { ${take} || { echo "no index.html in ${looked}" >&2; exit 1; }; }`,
      },
      outputs: [{ from: "/out", to: `${APP}/site` }],
    },
    own: [],
    files: { [LIGHTTPD_CONFIGURATION]: lighttpdConfiguration({ folder: "site", fallback: "index.html" }) },
    command: LIGHTTPD_COMMAND,
    notes: ["start: lighttpd, which serves what the build script made"],
  };
}
