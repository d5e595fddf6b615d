import { asArgv, noteOf } from "./command.ts";
import { LIGHTTPD_COMMAND, LIGHTTPD_CONFIGURATION, lighttpdConfiguration } from "./lighttpd.ts";
import { APP, type StackModule, type StackPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";
import { checkVersion, DEBIAN_VERSIONS } from "./version.ts";

/** What most applications and composer itself expect. */
const EXTENSIONS = ["php-curl", "php-mbstring", "php-xml"];
/** Debian's package of an extension that composer.json names. */
const MORE_EXTENSIONS = ["bcmath", "gd", "intl", "ldap", "mysql", "pgsql", "redis", "soap", "sqlite3", "zip"];

interface Composer {
  require?: Record<string, string>;
  "require-dev"?: Record<string, string>;
  autoload?: object;
  repositories?: unknown;
}

export const php: StackModule = {
  name: "php",
  looksFor: "composer.json or index.php",
  recognise: (source) => {
    if (source.has("composer.json")) return "the source has composer.json";
    const page = source.first(["index.php", "public/index.php", "web/index.php"]);
    return page === undefined ? undefined : `the source has ${page}`;
  },
  plan,
};

function plan(source: SourceTree): StackPlan {
  const composer = source.has("composer.json") ? source.json<Composer>("composer.json") : {};
  const folder = ["public", "web"].find((name) => source.has(`${name}/index.php`)) ?? "";
  const web = source.procfileWeb;
  const start =
    web === undefined
      ? { command: LIGHTTPD_COMMAND, why: `index.php in ${folder === "" ? "the source" : `${folder}/`}` }
      : { command: asArgv(web), why: "the web process of its Procfile" };
  const version = {
    what: "PHP",
    where: "composer.json",
    asked: composer.require?.php?.replaceAll(/(?<!\|)\|(?!\|)/g, "||"),
    available: DEBIAN_VERSIONS.php,
  };
  return {
    runtime: ["lighttpd", "php-cgi", "php-cli", ...EXTENSIONS, ...extensionsOf(composer)],
    ...(needsComposer(source, composer) ? { build: install(source, composer) } : {}),
    own: "all",
    files: {
      [LIGHTTPD_CONFIGURATION]: lighttpdConfiguration({ folder, fallback: "index.php", php: true }),
    },
    command: start.command,
    notes: [...checkVersion(version), noteOf(start)],
  };
}

function extensionsOf({ require = {} }: Composer): string[] {
  const named = Object.keys(require).map((name) => /^ext-(?:pdo_)?(\w+)$/.exec(name)?.[1] ?? "");
  return MORE_EXTENSIONS.filter((extension) => named.includes(extension)).map(
    (extension) => `php-${extension}`,
  );
}

/** Not where the packages came along, or where it has none. */
function needsComposer(source: SourceTree, { require = {}, autoload }: Composer): boolean {
  if (source.has("vendor/autoload.php")) return false;
  return autoload !== undefined || Object.keys(require).some((name) => name.includes("/"));
}

/** Packages that lie in the source itself: its files are needed to install. */
function hasLocalPackages({ repositories = [] }: Composer): boolean {
  const listed = Object.values(repositories as object) as ({ type?: string } | null | boolean)[];
  return listed.some((each) => typeof each === "object" && /^(path|artifact)$/.test(each?.type ?? ""));
}

const COMPOSER = "COMPOSER_ALLOW_SUPERUSER=1 composer";

function install(source: SourceTree, composer: Composer): NonNullable<StackPlan["build"]> {
  const flags = "--no-dev --no-interaction --no-progress --no-scripts --quiet";
  const caches = ["/root/.cache/composer"];
  const packages = ["composer", "git", "unzip"];
  const outputs = [{ from: `${APP}/vendor`, to: `${APP}/vendor` }];
  if (hasLocalPackages(composer))
    // A copy, for a link would lead to nothing in the image.
    return {
      packages,
      compile: {
        run: `COMPOSER_MIRROR_PATH_REPOS=1 ${COMPOSER} install --optimize-autoloader ${flags}`,
        caches,
      },
      outputs,
    };
  return {
    packages,
    dependencies: {
      files: ["composer.json", "composer.lock", "auth.json"].filter((name) => source.has(name)),
      run: `${COMPOSER} install --no-autoloader ${flags} && mkdir -p vendor`,
      caches,
    },
    compile: { run: `${COMPOSER} dump-autoload --optimize --no-dev --quiet` },
    outputs,
  };
}
