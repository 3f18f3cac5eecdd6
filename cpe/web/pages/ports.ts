// Pages of the menus POTS and ISDN: the ports of the product.
import type { Unit } from '../../services/service.ts';
import { form, table } from '../render/part.ts';
import type { Page } from './page.ts';

/** Product classes with ISDN ports alone, and with both kinds; others have analog ports. */
const digital = /^(?:44|34|35|36)\d\d/;
const mixed = /^37\d\d/;

const hasIsdn = ({ identity: { productClass } }: Unit): boolean =>
  digital.test(productClass) || mixed.test(productClass);
const hasPots = ({ identity: { productClass } }: Unit): boolean => !digital.test(productClass);

const of = (service: string, names: readonly string[]): string[] => names.map(name => `${service}.${name}`);

const pots: readonly Page[] = [
  {
    path: '/pots/status',
    menu: 'POTS',
    tab: 'Status',
    isShown: hasPots,
    parts: [
      table('Line Status', 'Pots.Line', ['Id', 'TypeStatus', 'State']),
      table('FXO Link Status', 'Pots.FxoLinkState', ['Id', 'LinkState']),
      table('Endpoints', 'EpAdm.Endpoint', ['EpId', 'AdminState', 'OpState', 'UsageState', 'Lock', 'Unlock']),
    ],
  },
  {
    path: '/pots/config',
    menu: 'POTS',
    tab: 'Config',
    isShown: hasPots,
    parts: [
      form(
        'General Configuration',
        of('Pots', ['CallerIdCustomization', 'CallerIdTransmission', 'DtmfMapDigitDetection', 'VocalUnitInformation']),
      ),
    ],
  },
  {
    path: '/pots/fxs',
    menu: 'POTS',
    tab: 'FXS',
    isShown: hasPots,
    parts: [
      form(
        'FXS Configuration',
        of('Pots', [
          'FxsLineSupervisionMode',
          'FxsDisconnectDelay',
          'FxsInbandRingback',
          'FxsShutdownBehavior',
          'FxsPowerDropOnDisconnectDuration',
          'FxsServiceActivation',
        ]),
      ),
      form(
        'FXS Country Customization',
        of('Pots', [
          'FxsCountryCustomizationOverride',
          'FxsCountryCustomizationLoopCurrent',
          'FxsCountryCustomizationFlashHookDetectionRange',
        ]),
      ),
      table('FXS Bypass', 'Pots.FxsBypass', ['Id', 'Activation', 'ActivationDtmfMap', 'DeactivationTimeout']),
      table('FXS Caller ID', 'Pots.FxsCallerId', ['Id', 'Activation']),
    ],
  },
  {
    path: '/pots/fxo',
    menu: 'POTS',
    tab: 'FXO',
    isShown: hasPots,
    parts: [
      form(
        'FXO Dialing',
        of('Pots', [
          'FxoPreDialDelay',
          'FxoDialToneDetectionMode',
          'FxoDialToneDetectionTimeout',
          'FxoLinkStateVerification',
          'FxoLinkStateVerificationTimeout',
        ]),
      ),
      table('FXO Answering', 'Pots.FxoAnsweringDelay', [
        'Id',
        'WaitBeforeAnsweringDelay',
        'AnsweringOnCallerIdDetection',
        'WaitForCalleeToAnswer',
      ]),
    ],
  },
];

const interfaceColumns = [
  'Name',
  'EndpointType',
  'NetworkLocation',
  'PreferredEncodingScheme',
  'FallbackEncodingScheme',
  'ChannelAllocationStrategy',
  'MaxActiveCalls',
  'ClipEnable',
  'ClirEnable',
  'OverlapDialingEnable',
];

const isdn: readonly Page[] = [
  {
    path: '/isdn/status',
    menu: 'ISDN',
    tab: 'Status',
    isShown: hasIsdn,
    parts: [
      table('Physical Links', 'Isdn.PhysicalLinkInfo', ['InterfaceName', 'State']),
      table('Signaling Channels', 'Isdn.SignalingChannelInfo', ['InterfaceName', 'State']),
      table('Bearer Channels', 'Isdn.BearerChannelInfo', ['Index', 'State']),
      table('Endpoints', 'EpAdm.Endpoint', ['EpId', 'AdminState', 'OpState', 'UsageState', 'Lock', 'Unlock']),
    ],
  },
  {
    path: '/isdn/primary-rate',
    menu: 'ISDN',
    tab: 'Primary Rate Interface',
    isShown: hasIsdn,
    parts: [
      table('Interface Configuration', 'Isdn.PrimaryRateInterface', [
        ...interfaceColumns,
        'LineCoding',
        'LineFraming',
        'ChannelRange',
      ]),
    ],
  },
  {
    path: '/isdn/basic-rate',
    menu: 'ISDN',
    tab: 'Basic Rate Interface',
    isShown: hasIsdn,
    parts: [
      table('Interface Configuration', 'Isdn.BasicRateInterface', [
        ...interfaceColumns,
        'TeiNegotiation',
        'ConnectionType',
        'Msn',
      ]),
    ],
  },
  {
    path: '/isdn/services',
    menu: 'ISDN',
    tab: 'Services',
    isShown: hasIsdn,
    parts: [
      table('Signaling', 'Isdn.SignalingChannel', [
        'InterfaceName',
        'Protocol',
        'LinkEstablishment',
        'FacilityServicesEnable',
        'ColpEnable',
        'ColrEnable',
        'AocESupport',
        'AocDSupport',
      ]),
    ],
  },
];

export const portPages: readonly Page[] = [...pots, ...isdn];
