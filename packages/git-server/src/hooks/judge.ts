import { type Application, matchesRef } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { branchesOf } from "./branches.ts";
import type { Verdict } from "./deliveries/delivery.ts";
import type { HookEvent, PullRequestEvent, PushEvent } from "./forges/forge.ts";
import { shown } from "./payload.ts";
import { isSameRepository } from "./repository-url.ts";

/** What a delivery asks for. */
export type Work =
  | { readonly kind: "build"; readonly ref: string; readonly revision: string }
  | {
      readonly kind: "preview";
      readonly pullRequest: number;
      readonly ref: string;
      readonly revision: string;
    }
  | { readonly kind: "remove-preview"; readonly pullRequest: number };

export type Judgement = { readonly work: Work } | { readonly verdict: Verdict };

/** What an event means for an application, by what the application says now. */
export function judge(
  event: HookEvent,
  name: string,
  application: Stored<Application> | undefined,
): Judgement {
  if (event.kind === "ping") return settled("Answered", "The forge can reach this webhook");
  if (event.kind === "other") return settled("Ignored", `Event "${event.name}" builds nothing`);
  if (application === undefined || application.metadata.deletionTimestamp !== undefined)
    return settled("Refused", `There is no application "${name}": deploy it first`);
  const git = application.spec.source?.git;
  if (git === undefined)
    return settled("Refused", `Application "${name}" is not made from git: deploy it from its git URL first`);
  // A generic sender need not name the repository: its signature says enough.
  if (event.repository.length > 0 && !isSameRepository(git.url, event.repository))
    return settled(
      "Refused",
      `It is about ${shown(event.repository[0])}, and application "${name}" is made from ${withoutPassword(git.url)}`,
    );
  return event.kind === "push" ? judgePush(event, application) : judgePullRequest(event, application);
}

function judgePush({ refKind, ref, revision }: PushEvent, { spec }: Stored<Application>): Judgement {
  if (revision === undefined) return settled("Ignored", `The ${refKind} "${ref}" was deleted`);
  const patterns = refKind === "tag" ? (spec.triggers?.tags ?? []) : branchesOf(spec);
  if (matchesRef(ref, patterns)) return { work: { kind: "build", ref, revision } };
  const these = patterns.length === 0 ? "none" : patterns.join(", ");
  const plural = refKind === "tag" ? "tags" : "branches";
  return settled("Ignored", `The ${refKind} "${ref}" is none of the ${plural} that deploy: ${these}`);
}

function judgePullRequest(event: PullRequestEvent, { spec }: Stored<Application>): Judgement {
  const { action, number, ref, revision, fork } = event;
  // What was opened while previews were wanted goes away in any case.
  if (action === "closed") return { work: { kind: "remove-preview", pullRequest: number } };
  const previews = spec.triggers?.previews;
  if (previews === undefined)
    return settled("Ignored", "Previews of pull requests are not wanted: triggers.previews is not set");
  if (action === "other") return settled("Ignored", `Nothing of pull request ${number} is to be built anew`);
  if (fork && previews.forks !== true)
    return settled(
      "Refused",
      `Pull request ${number} comes out of another repository: its code would run with the settings of this application, and triggers.previews.forks does not allow that`,
    );
  return { work: { kind: "preview", pullRequest: number, ref, revision } };
}

function settled(outcome: Verdict["outcome"], message: string): Judgement {
  return { verdict: { outcome, message } };
}

function withoutPassword(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^@/]*@/i, "$1");
}
