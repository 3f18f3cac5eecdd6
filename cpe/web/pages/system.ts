// Pages of the menu System.
import { isSystemService } from '../../services/common/service-rules.ts';
import { ledsOf, portsOf } from '../../services/hardware/leds.ts';
import { hardwareOf } from '../../services/hardware/products.ts';
import { requiredAction, restartRequired, serviceAction, systemServices, userServices } from '../actions/services.ts';
import { type FactsPart, form, table } from '../render/part.ts';
import { eventLogPage, syslogPage } from './event-log.ts';
import { allSettings } from './model.ts';
import { packetCapturePage } from './packet-capture.ts';
import type { Page } from './page.ts';

const leds: FactsPart = {
  kind: 'facts',
  heading: 'LEDs',
  head: ['LED', 'State'],
  facts: ({ unit }) => ledsOf(unit).map(({ led, state }) => [led, state]),
};

const hardwarePage: Page = {
  path: '/system/hardware',
  menu: 'System',
  tab: 'Hardware',
  parts: [
    {
      kind: 'facts',
      heading: 'Hardware',
      head: ['Part', 'Value'],
      facts: ({ unit: { identity, config } }) => [
        ['Product', identity.productClass],
        ['Series', hardwareOf(identity.productClass).series],
        ['Hardware revision', config.variable('Dcm.UnitInfoHardwareRevision') ?? ''],
      ],
    },
    leds,
    {
      kind: 'facts',
      heading: 'Ports',
      head: ['Port', 'Kind', 'State'],
      facts: ({ unit }) => portsOf(unit).map(({ port, kind, state }) => [port, kind, state]),
    },
    table('Ethernet Ports', 'Eth.Ports', ['Name', 'Speed']),
  ],
};

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
      leds,
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
  hardwarePage,
  syslogPage,
  eventLogPage,
  packetCapturePage,
  allSettings,
];
