import { noteOf, type StartCommand, startOf } from "./command.ts";
import type { StackModule, StackPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";
import { checkVersion, DEBIAN_VERSIONS } from "./version.ts";

const MANIFESTS = ["requirements.txt", "Pipfile.lock", "Pipfile", "pyproject.toml"];
/** Folders that may hold wheels, so that a build needs no index. */
const WHEEL_FOLDERS = ["wheels", "vendor", "wheelhouse"];
const MAIN_FILES = ["main.py", "app.py", "server.py", "run.py"];
const ENVIRONMENT = "/opt/venv";
/** Bytecode that is valid whatever time a file has: an image clamps them all. */
const COMPILE = "python3 -m compileall -q --invalidation-mode unchecked-hash";

/** Writes what Pipfile.lock, Pipfile or pyproject.toml ask for as lines that pip reads. */
const REQUIREMENTS_OF: Readonly<Record<string, string>> = {
  "Pipfile.lock": `import json; [print(name + (p.get("version") or "")) for name, p in json.load(open("Pipfile.lock"))["default"].items()]`,
  Pipfile: `import tomllib; [print(name + ("" if v == "*" else v if isinstance(v, str) else v.get("version", "").replace("*", ""))) for name, v in tomllib.load(open("Pipfile", "rb")).get("packages", {}).items()]`,
  "pyproject.toml": `import tomllib; [print(line) for line in tomllib.load(open("pyproject.toml", "rb")).get("project", {}).get("dependencies", [])]`,
};

export const python: StackModule = {
  name: "python",
  looksFor: "requirements.txt, Pipfile or pyproject.toml",
  recognise: (source) => {
    const found = source.first(MANIFESTS);
    return found === undefined ? undefined : `the source has ${found}`;
  },
  plan,
};

function plan(source: SourceTree): StackPlan {
  const start = startOf(source, {
    guess: guessStart(source),
    wanted: `one of manage.py, ${MAIN_FILES.join(", ")}`,
  });
  const manifest = source.first(MANIFESTS);
  const wheels = WHEEL_FOLDERS.find((folder) => source.list(folder).some((name) => name.endsWith(".whl")));
  const env = {
    PATH: `${ENVIRONMENT}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    PYTHONUNBUFFERED: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    ...(source.hasFolder("src") ? { PYTHONPATH: "/app/src" } : {}),
  };
  return {
    runtime: ["python3"],
    ...(manifest === undefined || isEmpty(source, manifest)
      ? {}
      : { build: install(source, manifest, wheels) }),
    own: "all",
    env,
    command: start.command,
    notes: [...checkVersion(versionAsked(source)), noteOf(start)],
  };
}

function isEmpty(source: SourceTree, manifest: string): boolean {
  return manifest === "requirements.txt" && !/^\s*[^\s#]/m.test(source.text(manifest));
}

function install(source: SourceTree, manifest: string, wheels?: string): NonNullable<StackPlan["build"]> {
  const offline = wheels === undefined ? "" : `--no-index --find-links ${wheels} `;
  const script = REQUIREMENTS_OF[manifest];
  const list = script === undefined ? manifest : "/tmp/requirements.txt";
  const run = [
    ...(script === undefined ? [] : [`python3 -c '${script}' >${list}`]),
    `python3 -m venv --without-pip ${ENVIRONMENT}`,
    `pip3 --quiet --disable-pip-version-check --python ${ENVIRONMENT}/bin/python install --no-compile ${offline}-r ${list}`,
    `${COMPILE} ${ENVIRONMENT}/lib`,
  ].join(" && ");
  const caches = ["/root/.cache/pip"];
  const outputs = [{ from: ENVIRONMENT, to: ENVIRONMENT }];
  const packages = ["python3-pip", "python3-venv"];
  // A line that names a file needs more of the source than the list itself.
  const isApart = !/^\s*(-[rce]|\.|file:|--)/m.test(source.text("requirements.txt")) || script !== undefined;
  if (!isApart) return { packages, compile: { run, caches }, outputs };
  const files = [manifest, ...(wheels === undefined ? [] : [wheels])];
  return { packages, dependencies: { files, run, caches }, outputs };
}

function guessStart(source: SourceTree): StartCommand | undefined {
  const asked = MANIFESTS.map((name) => source.text(name).toLowerCase()).join("\n");
  const uses = (name: string): boolean => new RegExp(`(^|["'\\s])${name}\\b`, "m").test(asked);
  if (source.has("manage.py")) {
    const project = source.list().find((name) => source.has(`${name}/wsgi.py`));
    if (uses("gunicorn") && project !== undefined)
      return shell(`gunicorn --bind 0.0.0.0:$PORT ${project}.wsgi`, "gunicorn with Django");
    return shell("python3 manage.py runserver --noreload 0.0.0.0:$PORT", "manage.py");
  }
  const main = source.first(MAIN_FILES);
  if (main === undefined) return undefined;
  const name = main.slice(0, -3);
  const variable = /^(app|application|api)\s*[:=]/m.exec(source.text(main))?.[1];
  if (variable !== undefined && uses("uvicorn"))
    return shell(`uvicorn --host 0.0.0.0 --port $PORT ${name}:${variable}`, `uvicorn with ${main}`);
  if (variable !== undefined && uses("gunicorn"))
    return shell(`gunicorn --bind 0.0.0.0:$PORT ${name}:${variable}`, `gunicorn with ${main}`);
  return { command: ["python3", main], why: main };
}

/** A name that stands in a shell command is one of the source's, and may be anything. */
function shell(script: string, why: string): StartCommand | undefined {
  return /^[\w.:$ -]+$/.test(script) ? { command: ["/bin/sh", "-c", `exec ${script}`], why } : undefined;
}

function versionAsked(source: SourceTree) {
  const common = { what: "Python", available: DEBIAN_VERSIONS.python };
  if (source.has(".python-version"))
    return { ...common, where: ".python-version", asked: source.text(".python-version").split("\n")[0] };
  const runtime = /^python-([\d.]+)/m.exec(source.text("runtime.txt"))?.[1];
  if (runtime !== undefined) return { ...common, where: "runtime.txt", asked: runtime };
  const project = /^requires-python\s*=\s*["']([^"']+)["']/m.exec(source.text("pyproject.toml"))?.[1];
  if (project !== undefined) return { ...common, where: "pyproject.toml", asked: project };
  const pipfile = /^python_version\s*=\s*["']([^"']+)["']/m.exec(source.text("Pipfile"))?.[1];
  return { ...common, where: "Pipfile", asked: pipfile };
}
