/**
 * Deliveries as the forges document them, with the members that are read and some that are not. Sources:
 * docs.github.com "Webhook events and payloads", docs.gitlab.com "Webhook events", docs.gitea.com and forgejo.org
 * "Webhooks".
 */
export const COMMIT = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
export const ZERO = "0".repeat(40);

export function commit(number: number): string {
  return number.toString(16).padStart(40, "a");
}

const github = {
  id: 186853002,
  full_name: "octocat/shop",
  private: true,
  html_url: "https://git.example.org/octocat/shop",
  git_url: "git://git.example.org/octocat/shop.git",
  ssh_url: "git@git.example.org:octocat/shop.git",
  clone_url: "https://git.example.org/octocat/shop.git",
  default_branch: "main",
};
const fork = {
  ...github,
  id: 2,
  full_name: "mallory/shop",
  clone_url: "https://git.example.org/mallory/shop.git",
};

export function githubPush({ ref = "refs/heads/main", after = COMMIT, nonce = 0 } = {}): object {
  return {
    ref,
    before: ZERO,
    after,
    created: false,
    deleted: after === ZERO,
    forced: false,
    head_commit: after === ZERO ? null : { id: after, message: "Mend", timestamp: "2026-11-28T22:00:00Z" },
    commits: [],
    pusher: { name: "octocat", email: "octocat@example.org" },
    repository: { ...github, pushed_at: 1764367200 + nonce },
    sender: { login: "octocat", id: 1 },
  };
}

export function githubPing(): object {
  return { zen: "Keep it logically awesome.", hook_id: 1, hook: { type: "Repository" }, repository: github };
}

export function githubPull(
  action: string,
  {
    number = 7,
    sha = COMMIT,
    from = "here",
  }: { number?: number; sha?: string; from?: "here" | "fork" | "gone" } = {},
): object {
  const repo = { here: github, fork, gone: null }[from];
  return {
    action,
    number,
    pull_request: {
      number,
      state: action === "closed" ? "closed" : "open",
      merged: action === "closed",
      head: { ref: "feature", sha, repo },
      base: { ref: "main", sha: COMMIT, repo: github },
    },
    repository: github,
    sender: { login: "octocat" },
  };
}

const project = {
  id: 15,
  name: "shop",
  web_url: "https://git.example.org/octocat/shop",
  git_ssh_url: "git@git.example.org:octocat/shop.git",
  git_http_url: "https://git.example.org/octocat/shop.git",
  path_with_namespace: "octocat/shop",
  default_branch: "main",
};

export function gitlabPush({ ref = "refs/heads/main", after = COMMIT } = {}): object {
  const tag = ref.startsWith("refs/tags/");
  return {
    object_kind: tag ? "tag_push" : "push",
    event_name: tag ? "tag_push" : "push",
    before: ZERO,
    after,
    ref,
    checkout_sha: after === ZERO ? null : after,
    user_username: "jsmith",
    project_id: 15,
    project,
    commits: [],
    total_commits_count: 0,
  };
}

export function gitlabMerge(
  action: string,
  {
    iid = 7,
    sha = COMMIT,
    oldrev,
    source = 15,
  }: { iid?: number; sha?: string; oldrev?: string; source?: number } = {},
): object {
  return {
    object_kind: "merge_request",
    event_type: "merge_request",
    user: { id: 1, username: "jsmith" },
    project,
    object_attributes: {
      iid,
      target_branch: "main",
      source_branch: "feature",
      source_project_id: source,
      target_project_id: 15,
      state: "opened",
      action,
      last_commit: { id: sha, message: "Mend" },
      ...(oldrev === undefined ? {} : { oldrev }),
    },
  };
}

export function giteaPush({ ref = "refs/heads/main", after = COMMIT } = {}): object {
  return {
    ref,
    before: ZERO,
    after,
    compare_url: "https://git.example.org/octocat/shop/compare/a...b",
    commits: [],
    head_commit: after === ZERO ? null : { id: after, message: "Mend" },
    repository: { ...github, git_url: undefined },
    pusher: { id: 1, login: "gitea" },
    sender: { id: 1, login: "gitea", username: "gitea" },
  };
}
