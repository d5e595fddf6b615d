import { noteOf, type StartCommand, startOf } from "./command.ts";
import { hasExtensions } from "./gem.ts";
import type { StackModule, StackPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";
import { checkVersion, DEBIAN_VERSIONS } from "./version.ts";

const MAIN_FILES = ["main.rb", "app.rb", "server.rb"];
const BUNDLE = "/opt/bundle";

export const ruby: StackModule = {
  name: "ruby",
  looksFor: "Gemfile",
  recognise: (source) => (source.has("Gemfile") ? "the source has Gemfile" : undefined),
  plan,
};

function plan(source: SourceTree): StackPlan {
  const start = startOf(source, {
    guess: guessStart(source),
    wanted: `one of config.ru, ${MAIN_FILES.join(", ")}`,
  });
  const env = { BUNDLE_PATH: BUNDLE, BUNDLE_WITHOUT: "development:test", RACK_ENV: "production" };
  return {
    runtime: ["ruby", "ruby-bundler"],
    ...(wantsGems(source) ? { build: install(source) } : {}),
    own: "all",
    env,
    command: start.command,
    notes: [...checkVersion(versionAsked(source)), noteOf(start)],
  };
}

function wantsGems(source: SourceTree): boolean {
  return /^\s*(gem|gemspec|eval_gemfile)\b/m.test(source.text("Gemfile"));
}

function install(source: SourceTree): NonNullable<StackPlan["build"]> {
  const cached = source.list("vendor/cache").some((name) => name.endsWith(".gem"));
  const settings = `BUNDLE_PATH=${BUNDLE} BUNDLE_WITHOUT=development:test BUNDLE_FROZEN=${source.has("Gemfile.lock")}`;
  const run = `${settings} bundle install --quiet ${cached ? "--local" : "--jobs 2"} && rm -rf ${BUNDLE}/ruby/*/cache`;
  const outputs = [{ from: BUNDLE, to: BUNDLE }];
  const packages = needsCompiler(source) ? ["build-essential", "ruby-dev"] : [];
  const isWhole = /gemspec|eval_gemfile|path:/.test(source.text("Gemfile"));
  if (isWhole) return { packages, compile: { run }, outputs };
  const files = ["Gemfile", "Gemfile.lock", ".ruby-version"].filter((name) => source.has(name));
  return { packages, dependencies: { files: [...files, ...(cached ? ["vendor/cache"] : [])], run }, outputs };
}

/** Gems from elsewhere may have parts in C; of those that came along it can be seen. */
function needsCompiler(source: SourceTree): boolean {
  const lines = source.text("Gemfile").split("\n");
  if (!lines.some((line) => /^\s*gem\b(?!.*\bpath:)/.test(line))) return false;
  const gems = source.list("vendor/cache").filter((name) => name.endsWith(".gem"));
  return gems.length === 0 || gems.some((name) => hasExtensions(source.bytes(`vendor/cache/${name}`)));
}

function guessStart(source: SourceTree): StartCommand | undefined {
  const gems = source.text("Gemfile");
  const shell = (script: string, why: string) => ({ command: ["/bin/sh", "-c", `exec ${script}`], why });
  if (source.has("bin/rails"))
    return shell("bundle exec rails server --binding 0.0.0.0 --port $PORT", "bin/rails");
  if (source.has("config.ru"))
    return /gem ['"]puma['"]/.test(gems)
      ? shell("bundle exec puma --bind tcp://0.0.0.0:$PORT", "config.ru with puma")
      : shell("bundle exec rackup --host 0.0.0.0 --port $PORT", "config.ru");
  const main = source.first(MAIN_FILES);
  if (main === undefined) return undefined;
  return { command: [...(wantsGems(source) ? ["bundle", "exec"] : []), "ruby", main], why: main };
}

function versionAsked(source: SourceTree) {
  const common = { what: "Ruby", available: DEBIAN_VERSIONS.ruby };
  if (source.has(".ruby-version"))
    return { ...common, where: ".ruby-version", asked: source.text(".ruby-version").split("\n")[0] };
  const asked = /^\s*ruby\s+['"]([^'"]+)['"]/m.exec(source.text("Gemfile"))?.[1];
  return { ...common, where: "Gemfile", asked };
}
