// All German texts.

import type { Catalogue } from '../catalogue.ts';
import { admin } from './admin.ts';
import { alerts } from './alerts.ts';
import { audit } from './audit.ts';
import { bulk } from './bulk.ts';
import { connect } from './connect.ts';
import { deviceActions } from './device/actions.ts';
import { device } from './device/device.ts';
import { deviceParameters } from './device/parameters.ts';
import { deviceSessions } from './device/sessions.ts';
import { deviceSummary } from './device/summary.ts';
import { deviceWanted } from './device/wanted.ts';
import { deviceWork } from './device/work.ts';
import { devices } from './devices.ts';
import { enrolment } from './enrolment.ts';
import { faults } from './faults/faults.ts';
import { faultNames } from './faults/names.ts';
import { files } from './files.ts';
import { filter } from './filter.ts';
import { frame } from './frame.ts';
import { help } from './help.ts';
import { login } from './login.ts';
import { overview } from './overview.ts';
import { presets } from './presets.ts';
import { records } from './records.ts';
import { rollouts } from './rollouts.ts';
import { wizard } from './wizard.ts';

export const german: Catalogue = {
  bulk,
  connect,
  device,
  deviceActions,
  deviceSummary,
  deviceWork,
  devices,
  enrolment,
  faultNames,
  filter,
  frame,
  help,
  login,
  overview,
  presets,
  records,
  rollouts,
  wizard,
  deviceParameters,
  deviceWanted,
  files,
  alerts,
  faults,
  deviceSessions,
  audit,
  admin,
};
