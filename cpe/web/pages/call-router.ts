// Pages of the menu Call Router.
import { form, type TablePart, table } from '../render/part.ts';
import type { Page } from './page.ts';

/** A table whose rows have an order: each is moved and deleted by its buttons. */
const ordered = (heading: string, name: string, columns: readonly string[], tail = ['ConfigStatus']): TablePart =>
  table(heading, `CRout.${name}`, ['Index', ...columns, ...tail, 'Up', 'Down'], { add: [], hasDelete: true });

const status = (heading: string, name: string, columns: readonly string[]): TablePart =>
  table(heading, `CRout.${name}Status`, ['Index', ...columns]);

const mapping = ['Name', 'Criteria', 'Transformation'];
const routeColumns = ['SourceCriteria', 'PropertiesCriteria', 'ExpressionCriteria', 'Destination', 'Mappings'];

export const callRouterPages: readonly Page[] = [
  {
    path: '/call-router/status',
    menu: 'Call Router',
    tab: 'Status',
    parts: [
      form('Configuration', [{ name: 'CRout.ConfigModifiedStatus', label: 'Modified' }]),
      status('Interfaces', 'Interface', ['Name']),
      status('Routes', 'Route', ['Type', ...routeColumns, 'SignalingProperties']),
      status('Mapping Types', 'MappingType', mapping),
      status('Mapping Expressions', 'MappingExpression', [...mapping, 'SubMappings']),
      status('Hunts', 'Hunt', ['Name', 'Destinations', 'SelectionAlgorithm', 'Timeout', 'Causes']),
      status('SIP Redirects', 'SipRedirect', ['Name', 'DestinationHost']),
    ],
  },
  {
    path: '/call-router/routes',
    menu: 'Call Router',
    tab: 'Routes',
    parts: [
      ordered('Routes', 'Route', [...routeColumns, 'SignalingProperties']),
      ordered('Hunts', 'Hunt', ['Name', 'Destinations', 'SelectionAlgorithm', 'Timeout', 'Causes']),
      ordered('SIP Redirects', 'SipRedirect', ['Name', 'DestinationHost']),
    ],
  },
  {
    path: '/call-router/mappings',
    menu: 'Call Router',
    tab: 'Mappings',
    parts: [
      ordered('Mapping Types', 'MappingType', mapping),
      ordered('Mapping Expressions', 'MappingExpression', [...mapping, 'SubMappings']),
    ],
  },
  {
    path: '/call-router/signalling',
    menu: 'Call Router',
    tab: 'Signalling',
    parts: [
      ordered('Signalling Properties', 'SignalingProperties', [
        'Name',
        'EarlyConnect',
        'EarlyDisconnect',
        'DestinationHost',
        'Allow180Sdp',
        'Allow183NoSdp',
        'Privacy',
        'SipHeadersTranslation',
        'CallPropertiesTranslation',
      ]),
      ordered('SIP Headers Translations', 'SipHeadersTranslation', ['Name', 'SipHeader', 'BuiltFrom', 'FixValue']),
      ordered('Call Properties Translations', 'CallPropertiesTranslation', [
        'Name',
        'CallProperty',
        'BuiltFrom',
        'FixValue',
      ]),
    ],
  },
  {
    path: '/call-router/auto-routing',
    menu: 'Call Router',
    tab: 'Auto-routing',
    parts: [
      form('Auto-routing', [
        { name: 'CRout.AutoRoutingEnable', label: 'Auto-routing' },
        { name: 'CRout.AutoRoutingCriteriaType', label: 'Criteria Type' },
        { name: 'CRout.AutoRoutingIncomingMappings', label: 'Incoming Mappings' },
        { name: 'CRout.AutoRoutingOutgoingMappings', label: 'Outgoing Mappings' },
        { name: 'CRout.AutoRoutingIncomingSignalingProperties', label: 'Incoming Signalling Properties' },
        { name: 'CRout.AutoRoutingOutgoingSignalingProperties', label: 'Outgoing Signalling Properties' },
      ]),
      table('Endpoints', 'CRout.AutoRouting', [
        'EpId',
        'Autoroutable',
        'AutoRoutingGateway',
        'AutoRoutingDestination',
        'E164',
        'SipUsername',
        'Name',
      ]),
    ],
  },
];
