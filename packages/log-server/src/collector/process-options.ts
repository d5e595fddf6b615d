import { setting } from "@jdos/component-base";

/** Options of the collector's process. */
export const PROCESS_SETTINGS = {
  "log-server-url": setting.text("the log server that lines are given to; needed"),
  "log-key-file": setting.text("the key that gives lines; needed"),
  "node-name": setting.text("whose Pods' logs lie in the directory; needed"),
  "logs-directory": setting.text("of the node's Pods' logs", "/var/log/pods"),
};
