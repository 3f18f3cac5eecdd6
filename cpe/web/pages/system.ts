// Pages of the menu System.
import { isSystemService } from '../../services/common/service-rules.ts';
import type { Unit } from '../../services/service.ts';
import { readyLed } from '../../state/ready-led.ts';
import { requiredAction, restartRequired, serviceAction, systemServices, userServices } from '../actions/services.ts';
import { form, table } from '../render/part.ts';
import { eventLogPage, syslogPage } from './event-log.ts';
import { allSettings } from './model.ts';
import { packetCapturePage } from './packet-capture.ts';
import type { Page } from './page.ts';

function ledsOf(unit: Unit): [name: string, value: string][] {
  const state = readyLed(unit);
  return state === undefined ? [] : [['Ready', state]];
}

export const systemPages: readonly Page[] = [
  {
    path: '/system/information',
    menu: 'System',
    tab: 'Information',
    parts: [
      form('Unit', [
        'Dcm.UnitInfoProductName',
        'Dcm.UnitInfoSerialNumber',
        'Dcm.UnitInfoMacAddress',
        'Hoc.SystemTime',
        'Hoc.SystemUptime',
      ]),
      { kind: 'facts', heading: 'LEDs', head: ['LED', 'State'], facts: ({ unit }) => ledsOf(unit) },
      table('Firmware', 'Fpu.MfpInstalledInfo', ['MfpName', 'MfpVersion', 'MfpBank']),
      form('ACS', [
        { name: 'Cwmp.AcsUrl', isReadOnly: true },
        { name: 'Cwmp.AcsStatus', isReadOnly: true },
      ]),
    ],
  },
  {
    path: '/system/services',
    menu: 'System',
    tab: 'Services',
    parts: [
      { kind: 'custom', heading: 'Restart Required Services', render: restartRequired },
      {
        kind: 'facts',
        heading: 'System Services',
        head: ['System Service', 'Status', 'Comment'],
        facts: systemServices,
      },
      { kind: 'custom', heading: 'User Services', render: userServices },
      table('Start-up', 'Scm.ServicesConfig', ['Name', 'StartupType'], {
        hasRow: ({ unit }, row) => !isSystemService(unit, unit.config.get(`${row}Name`)),
      }),
    ],
    actions: { service: serviceAction, required: requiredAction },
  },
  syslogPage,
  eventLogPage,
  packetCapturePage,
  allSettings,
];
