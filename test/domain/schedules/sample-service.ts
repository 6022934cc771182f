/** A service that is named shop, for tests of its schedules. */
import type { ScheduleSettings } from '../../../src/domain/schedules/schedule-settings.ts';
import type { Component, ServiceDefinition } from '../../../src/domain/service.ts';

export function serviceWith(components: readonly Component[], schedules?: ScheduleSettings, name = 'shop'): ServiceDefinition {
  return {
    name, host: 'local', version: null, components, application: null, health: null, repositories: ['nas'],
    approval: { required: [], fourEyes: false, approvers: [], expiresAfterMs: 1_000 }, proveAfterBackup: false, contentHashes: true, skewLimitMs: 2_000, ...(schedules === undefined ? {} : { schedules }),
  };
}
