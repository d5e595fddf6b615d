import { systemClock } from "@jdos/component-base";
import { createManager } from "@jdos/controller-runtime";
import { applicationController } from "./application/controller.ts";
import { attestationController } from "./build/attest/controller.ts";
import { buildController } from "./build/controller.ts";
import { buildQueueController } from "./build/queue/controller.ts";
import { addIndexes } from "./indexes.ts";
import { noticeController } from "./notice/controller.ts";
import { attestationSettings, type PlatformControllersOptions, settingsOf } from "./options.ts";
import { BaseImages } from "./rebuild/base-images.ts";
import { rebuildController } from "./rebuild/controller.ts";
import { harborController } from "./registry/harbor/controller.ts";
import { releaseController } from "./release/controller.ts";
import { imageDeletionController } from "./retention/deletion.ts";
import { Retention } from "./retention/retention.ts";
import { startRetention } from "./retention/start.ts";
import { systemController } from "./system/controller.ts";

export interface PlatformControllers {
  /** Resolves when nothing is left to do; what waits for a time does not count. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the reconcilers of System, Application, Build and Release. Resolves when all of them reconcile. */
export async function start(options: PlatformControllersOptions): Promise<PlatformControllers> {
  const { client, log, metrics, clock = systemClock } = options;
  const settings = settingsOf(options);
  const manager = createManager({ client, log, clock, ...(metrics === undefined ? {} : { metrics }) });
  addIndexes(manager.informers);
  manager.add(systemController(settings));
  manager.add(harborController(settings));
  manager.add(applicationController(settings));
  manager.add(buildQueueController(settings));
  manager.add(buildController(settings));
  if (options.attestation !== undefined)
    manager.add(attestationController(settings, attestationSettings(options.attestation)));
  manager.add(rebuildController(settings, new BaseImages({ settings, clock, log })));
  manager.add(releaseController());
  manager.add(noticeController(settings.notices));
  const keeper = new Retention({
    client,
    log,
    clock,
    settings,
    ...(metrics === undefined ? {} : { metrics }),
  });
  manager.add(imageDeletionController(keeper));
  await manager.start();
  const retention = startRetention(keeper, { clock, log, settings });
  return {
    idle: () => manager.idle(),
    async stop() {
      await retention.stop();
      await manager.stop();
    },
  };
}
