// All German texts.
import type { Catalogue } from '../catalogue.ts';
import { alerts } from './alerts.ts';
import { device } from './device/device.ts';
import { deviceSummary } from './device/summary.ts';
import { devices } from './devices.ts';
import { enrolment } from './enrolment.ts';
import { faults } from './faults/faults.ts';
import { faultNames } from './faults/names.ts';
import { files } from './files.ts';
import { filter } from './filter.ts';
import { frame } from './frame.ts';
import { login } from './login.ts';
import { overview } from './overview.ts';
import { presets } from './presets.ts';
import { records } from './records.ts';
import { rollouts } from './rollouts.ts';
import { wizard } from './wizard.ts';

export const german: Catalogue = {
  device,
  deviceSummary,
  devices,
  enrolment,
  faultNames,
  filter,
  frame,
  login,
  overview,
  presets,
  records,
  rollouts,
  wizard,
  files,
  alerts,
  faults,
};
