// The catalogue of all texts: its shape is the English one, so that another language cannot lack a text.

import type { admin } from './en/admin.ts';
import type { alerts } from './en/alerts.ts';
import type { audit } from './en/audit.ts';
import type { bulk } from './en/bulk.ts';
import type { connect } from './en/connect.ts';
import type { deviceActions } from './en/device/actions.ts';
import type { device } from './en/device/device.ts';
import type { parameters } from './en/device/parameters.ts';
import type { sessions } from './en/device/sessions.ts';
import type { deviceSummary } from './en/device/summary.ts';
import type { wanted } from './en/device/wanted.ts';
import type { deviceWork } from './en/device/work.ts';
import type { devices } from './en/devices.ts';
import type { enrolment } from './en/enrolment.ts';
import type { faults } from './en/faults/faults.ts';
import type { faultNames } from './en/faults/names.ts';
import type { files } from './en/files.ts';
import type { filter } from './en/filter.ts';
import type { frame } from './en/frame.ts';
import type { help } from './en/help.ts';
import type { login } from './en/login.ts';
import type { overview } from './en/overview.ts';
import type { presets } from './en/presets.ts';
import type { records } from './en/records.ts';
import type { rollouts } from './en/rollouts.ts';
import type { wizard } from './en/wizard.ts';

export interface Catalogue {
  connect: typeof connect;
  bulk: typeof bulk;
  frame: typeof frame;
  devices: typeof devices;
  filter: typeof filter;
  device: typeof device;
  deviceActions: typeof deviceActions;
  deviceSummary: typeof deviceSummary;
  deviceWork: typeof deviceWork;
  deviceParameters: typeof parameters;
  deviceWanted: typeof wanted;
  deviceSessions: typeof sessions;
  help: typeof help;
  login: typeof login;
  records: typeof records;
  enrolment: typeof enrolment;
  overview: typeof overview;
  faultNames: typeof faultNames;
  presets: typeof presets;
  rollouts: typeof rollouts;
  wizard: typeof wizard;
  files: typeof files;
  alerts: typeof alerts;
  faults: typeof faults;
  audit: typeof audit;
  admin: typeof admin;
}
