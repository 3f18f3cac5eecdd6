// The pages System/Syslog and System/Event Log: the target of notifications, the rows that choose them, and the local log.

import { exportFile } from '../../services/common/file-types.ts';
import { logFilesOf } from '../../services/nlm.ts';
import type { Action } from '../forms/action.ts';
import { html, type Markup } from '../render/markup.ts';
import { form, table } from '../render/part.ts';
import { actionForm } from '../render/parts.ts';
import { mayChange, type View } from '../render/view.ts';
import type { Page } from './page.ts';

const download: Action = async ({ view }) => {
  const bytes = await exportFile(view.unit, '2 Vendor Log File');
  return { kind: 'file', name: 'event-log.txt', type: 'text/plain; charset=utf-8', bytes };
};

const renderDownload = (view: View): Markup =>
  mayChange(view, 'Nlm')
    ? actionForm(view, 'download', html`<button>Download Event Log</button>`)
    : html`<p>Your access rights allow no download.</p>`;

/** The files of the action Log to File; an ACS fetches them by their number. */
const renderFiles = ({ unit }: View): Markup => {
  const files = logFilesOf(unit);
  if (files.length === 0) return html`<p>There are none.</p>`;
  return html`<ul>${files.map(({ name, text }, at) => html`<li>${name} (${Buffer.byteLength(text)} bytes, 4 Vendor Log File ${at + 2})</li>`)}</ul>`;
};

export const syslogPage: Page = {
  path: '/system/syslog',
  menu: 'System',
  tab: 'Syslog',
  parts: [
    form('Syslog Configuration', [
      { name: 'Nlm.SyslogRemoteHost', label: 'Remote Host' },
      { name: 'Nlm.SyslogMessageFormat', label: 'Message Format' },
    ]),
    form(
      'Service Notification Configuration',
      [
        { name: 'Cert.MinSeverity', label: 'Certificate Manager (CERT)' },
        { name: 'Conf.MinSeverity', label: 'Configuration Manager (CONF)' },
        { name: 'Cwmp.MinSeverity', label: 'CPE WAN Management Protocol (CWMP)' },
        { name: 'EpAdm.MinSeverity', label: 'Endpoint Administration (EPADM)' },
        { name: 'Fpu.MinSeverity', label: 'Firmware Pack Updater (FPU)' },
        { name: 'Hoc.MinSeverity', label: 'Host Configuration (HOC)' },
        { name: 'Mipt.MinSeverity', label: 'Media IP Transport (MIPT)' },
        { name: 'Nlm.MinSeverity', label: 'Notifications and Logging Manager (NLM)' },
        { name: 'Scm.MinSeverity', label: 'Service Controller Manager (SCM)' },
        { name: 'SipEp.MinSeverity', label: 'SIP Endpoint (SIPEP)' },
        { name: 'Web.MinSeverity', label: 'Web (WEB)' },
      ],
      { note: () => 'The lowest severity that a service reports. Other services: System/All Settings.' },
    ),
  ],
};

const events = table(
  'Event Configuration',
  'Nlm.Events',
  ['Index', 'Activation', 'Type', 'Criteria', 'Action', 'ConfigStatus'],
  {
    add: [],
    hasDelete: true,
    note: () => 'Criteria: "All", a service as "1400.All", or single notifications as "1400.303,1400.310".',
  },
);

export const eventLogPage: Page = {
  path: '/system/event-log',
  menu: 'System',
  tab: 'Event Log',
  actions: { download },
  parts: [
    events,
    form('Local Log', [
      { name: 'Nlm.LocalLogMaxNbEntries', label: 'Maximum Number of Entries' },
      { name: 'Nlm.LocalLogNbErrorEntries', label: 'Error Entries' },
      { name: 'Nlm.LocalLogNbCriticalEntries', label: 'Critical Entries' },
    ]),
    table('Local Log Entries', 'Nlm.LocalLogMessages', [
      { name: 'LocalTime', label: 'Local Time' },
      { name: 'ServiceTextkey', label: 'Service' },
      { name: 'NotificationId', label: 'Notification' },
      'Severity',
      'Message',
    ]),
    { kind: 'custom', heading: 'Log Files', render: renderFiles },
    { kind: 'custom', heading: 'Download', render: renderDownload },
  ],
};
