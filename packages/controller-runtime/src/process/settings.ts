import { setting } from "@jdos/component-base";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** What every part takes. */
export const PROCESS_SETTINGS = {
  kubeconfig: setting.text("how to reach the API; without it the Pod's service account"),
  context: setting.text("of the kubeconfig; without it the file's current context"),
  "queries-per-second": setting.integer(
    "calls to the API a second on average, twice as many at once; 0: no bound",
    {
      fallback: 100,
    },
  ),
  "health-address": setting.address("/livez, /readyz and /metrics, as HOST:PORT", "0.0.0.0:8081"),
  "log-level": setting.choice("how much is logged", LOG_LEVELS, "info"),
};

/** What parts take of which one replica leads. */
export const ELECTION_SETTINGS = {
  "leader-election": setting.boolean("false: it leads from the start, for one replica only", true),
  "lease-namespace": setting.text("where the Lease is; without it the Pod's namespace, else jdos-system"),
  "lease-name": setting.text("the Lease; without it the part's name"),
  "lease-seconds": setting.integer("how long others wait for a leader that says nothing", {
    fallback: 15,
    min: 3,
  }),
  identity: setting.text("unlike any other replica's; without it host name and a random word"),
};

export type ProcessSettings = typeof PROCESS_SETTINGS;
export type ElectionSettings = typeof ELECTION_SETTINGS;
